#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What an entry costs in the journal of a gateway, and in a journal that all gateways would share in PostgreSQL (Debian's
# package, a cluster in a temporary folder): entries a second, and processor time for each. An entry is a fact with 4 KB of
# octets and a row of the replay memory; nobody is told before it is on disk. For decision 24.
#   tests/bench/journals.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-10} octets=4096
pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
[ -n "$pg" ] || { echo "there is no PostgreSQL: apt-get install postgresql" >&2; exit 69; }
world=$(mktemp -d)
server=
finish() {
	[ -z "$server" ] || { kill -INT "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
	rm -rf "$world"
}
trap finish EXIT
cost() { # file of /usr/bin/time, entries
	awk -v n="$2" '/^[0-9]/ {printf "%.0f us of processor for an entry\n", ($1 + $2) * 1e6 / n}' "$1"
}

cmake --preset release >/dev/null
cmake --build --preset release --target qaqpa_bench_journal >/dev/null
echo "the gateway's journal, 64 entries under way:"
/usr/bin/time -f "%U %S" -o "$world/own" build/release/bin/qaqpa_bench_journal "$world/journal" "$seconds" 64 "$octets" >"$world/says" 2>&1
grep written "$world/says"
cost "$world/own" "$(awk '/^written/ {print $2}' "$world/says")"

as=() # the server does not run as root
[ "$(id -u)" -ne 0 ] || { as=(runuser -u postgres --); chown postgres "$world"; }
"${as[@]}" "$pg/initdb" -D "$world/data" -A trust -U bench --no-instructions >/dev/null 2>&1
cat >>"$world/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$world'
shared_buffers = 512MB
max_wal_size = 8GB
synchronous_commit = on
commit_delay = 1000
commit_siblings = 5
autovacuum = off
END
query() { "$pg/psql" -qAtX -h "$world" -U bench postgres "$@"; }
begin() {
	/usr/bin/time -f "%U %S" -o "$world/server.time" "${as[@]}" "$pg/postgres" -D "$world/data" >>"$world/log" 2>&1 &
	server=$!
	until query -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
}
end() { # the processor time of the server is told by its end
	kill -INT "$(head -1 "$world/data/postmaster.pid")"
	wait "$server" || true
	server=
}
begin
query <<END
CREATE TABLE fact(id bigserial PRIMARY KEY, at_ms bigint, at text, exchange text, direction int, kind int, verdict int,
 participant text, peer text, service_id text, sender_id text, message_id text, correlation_id text, certificate text,
 subject text, reason text, detail text, error_id text, duration_us bigint, sha256 bytea, size bigint, octets bytea);
ALTER TABLE fact ALTER octets SET STORAGE EXTERNAL;
CREATE INDEX ON fact(at_ms); CREATE INDEX ON fact(exchange); CREATE INDEX ON fact(message_id);
CREATE INDEX ON fact(correlation_id) WHERE correlation_id IS NOT NULL; CREATE INDEX ON fact(error_id) WHERE error_id IS NOT NULL;
CREATE TABLE seen(sender_id text, message_id text, content bytea, state int, exchange text, PRIMARY KEY(sender_id, message_id));
CREATE TABLE body AS SELECT decode(string_agg(md5(i::text), ''), 'hex') AS octets FROM generate_series(1, $((octets / 16))) i;
END
cat >"$world/entry.sql" <<'END'
WITH e AS (SELECT gen_random_uuid()::text AS id FROM generate_series(1, :rows)),
 f AS (INSERT INTO fact(at_ms, at, exchange, direction, kind, verdict, participant, peer, service_id, sender_id, message_id,
  subject, duration_us, sha256, size, octets)
  SELECT extract(epoch FROM clock_timestamp()) * 1000, clock_timestamp()::text, id, 0, 0, 0, 'bench', '127.0.0.1:1', 'Bench',
  'bench', id, 'CN=bench, O=bench, C=KZ', 0, sha256('x'), 4096, octets FROM e, body)
INSERT INTO seen SELECT 'bench', id, sha256('x'), 1, id FROM e;
END
end
run() { # words, clients, rows in a transaction
	local done
	begin
	"$pg/pgbench" -h "$world" -U bench -n -M prepared -f "$world/entry.sql" -D rows="$3" -c "$2" -j 2 -T "$seconds" postgres \
		>"$world/says" 2>&1 || { cat "$world/says" >&2; exit 1; }
	end
	done=$(awk -v r="$3" '/transactions actually processed/ {split($6, a, "/"); print a[1] * r}' "$world/says")
	awk -v r="$3" -v n="$done" -v w="$1" '/^tps/ {printf "%s:\nwritten: %d entries, %.0f a second\n", w, n, $3 * r}' "$world/says"
	cost "$world/server.time" "$done"
}
run "PostgreSQL, 64 connections, a commit for each entry (the server groups them)" 64 1
run "PostgreSQL, one connection, 64 entries to a commit" 1 64
echo "processor time of PostgreSQL is that of the server alone: the gateway's side of the connection comes on top"
