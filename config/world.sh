# SPDX-License-Identifier: GPL-3.0-or-later
# A small world on one machine, for ./run and the scenario tests: an authority with its services, the gateway and the
# simulated systems. Sourced by bash in the folder of the project; every function takes the folder of the world. Ports start
# at QAQPA_PORT (default 9080).

# A new system stands at the end, so that the others keep their ports.
world_systems='permits monitoring department treasury integrated-treasury edms gbdfl gbdul tax payment insolvency portal appeals files'
# Whose documents the systems accept beside those of systems, and in whose name they sign: names of the test authority.
world_persons='person other-person employee head corporation-employee coordinator-head administrator treasury-user
	treasury-head treasury-finance treasury-second treasury-planner treasury-officer treasury-deputy treasury-accountant treasury-stranger'
world_port() { echo $((${QAQPA_PORT:-9080} + $1)); }

# The port of a simulated system, counted from the first.
world_number() {
	local number=11 system
	for system in $world_systems; do
		[ "$system" = "$1" ] && echo $number && return
		number=$((number + 1))
	done
}

world_make() { # world, rsa or gost: the kind of its keys
	local world=$1 system
	umask 077
	mkdir -p "$world/log" "$world/state" "$world/weather"
	qaqpa-authority make --algorithm "$2" --url "http://127.0.0.1:$(world_port 3)" "$world/pki" >/dev/null
	world_passwords "$world"
	for system in $world_systems; do : >"$world/weather/$system"; done
	: >"$world/blocked.txt"
	world_config "$world" >"$world/qaqpa.yaml"
	world_services "$world"
	qaqpa check --config "$world/qaqpa.yaml"
}

world_passwords() {
	local world=$1 system
	for system in $world_systems; do
		[ -s "$world/$system.password" ] || openssl rand -hex 16 >"$world/$system.password"
		[ -s "$world/$system.hash" ] || qaqpa hash-password <"$world/$system.password" >"$world/$system.hash"
	done
}

world_config() {
	local world=$1 pki=$1/pki system
	cat <<END
# Made by ./run for a try-out on one machine. A production sample is config/qaqpa.yaml.
include: conf.d
gateway:
  zone: Asia/Almaty
  sender_id: gateway_is
calendar: $PWD/config/calendar
admin:
  listen: "127.0.0.1:$(world_port 1)"
journal:
  directory: $world/journal
  free_space: 64MiB
queue:
  socket: $world/redis.sock
  spool: $world/spool
retries:
  - name: standard
    initial: 2s
    max_interval: 30s
authorities: [$pki/root.crt, $pki/issuing.crt]
blocks: $world/blocked.txt
revocation:
  directory: $world/revocation
  refresh: 10s
sources:
  - name: issuing
    issuer: $pki/issuing.crt
    ocsp: http://127.0.0.1:$(world_port 3)/ocsp
    crl: http://127.0.0.1:$(world_port 3)/crl/issuing.crl
    delta: http://127.0.0.1:$(world_port 3)/crl/issuing_d.crl
listeners:
  - name: plain
    listen: "127.0.0.1:$(world_port 0)"
    diagnostics: true
  - name: mutual-tls
    listen: "127.0.0.1:$(world_port 2)"
    tls: mutual
    certificate: $pki/tls-server.crt
    key: $pki/tls-server.key
    client_ca: $pki/tls-ca.crt
    diagnostics: true
keys:
  - name: gateway
    pkcs12: $pki/gateway.p12
    password_file: $pki/gateway.p12.password
participants:
END
	for system in $world_systems; do
		cat <<END
  - name: $system
    sender_ids: ${system}_is
    password_hash: "$(cat "$world/$system.hash")"
    certificates: $pki/$system.crt
$(world_calls "$system")
    async: {mode: push, endpoint: "http://127.0.0.1:$(world_port "$(world_number "$system")")/"}
END
	done
}

# What a system may call, as the sample configuration says.
world_calls() {
	awk -v name="$1" '$1 == "-" { here = $3 == name } here && $1 == "may_call:" { on = 1 } here && on { print } on && /\]/ { exit }' \
		config/participants.d/systems.yaml
}

# The descriptors of adapters/, with the addresses of this world: a service goes to the port of its provider.
world_services() {
	local world=$1 system file places=
	for system in $world_systems; do
		places="$places $system=http://127.0.0.1:$(world_port "$(world_number "$system")")/"
	done
	rm -rf "$world/conf.d"
	mkdir -p "$world/conf.d"
	for file in adapters/*/services.yaml; do
		system=$(basename "$(dirname "$file")")
		awk -v places="$places" -v wsdl="$PWD/wsdl" '
			BEGIN { n = split(places, pair, " "); for (i = 1; i <= n; i++) { at = index(pair[i], "="); url[substr(pair[i], 1, at - 1)] = substr(pair[i], at + 1) } }
			/^ +provider:/ { provider = $2 }
			/^ +endpoint:/ { sub(/endpoint:.*/, "endpoint: " url[provider]) }
			{ gsub(/\.\.\/\.\.\/wsdl/, wsdl); print }' "$file" >"$world/conf.d/$system.yaml"
	done
}

world_launch() { # world, name, command...
	local world=$1 name=$2
	shift 2
	"$@" >"$world/log/$name.out" 2>"$world/log/$name.log" &
	echo $! >"$world/$name.pid"
}

# A private Redis that keeps what it acknowledges.
world_redis() {
	local world=$1
	mkdir -p "$world/redis"
	world_launch "$world" redis redis-server --port 0 --unixsocket "$world/redis.sock" --unixsocketperm 700 \
		--appendonly yes --appendfsync always --save "" --maxmemory 256mb --maxmemory-policy noeviction --dir "$world/redis"
}

# The command that plays a system, a word a line.
world_command() {
	local world=$1 pki=$1/pki system=$2 name
	printf '%s\n' qaqpa sim "$system" --listen "127.0.0.1:$(world_port "$(world_number "$system")")" \
		--certificate "$pki/$system.crt" --key "$pki/$system.key" --peer-certificate "$pki/gateway.crt" \
		--gateway "http://127.0.0.1:$(world_port 0)/bip-sync-wss-gost/" \
		--async-gateway "http://127.0.0.1:$(world_port 0)/bip-async/" --sender-id "${system}_is" \
		--password-file "$world/$system.password" --state "$world/state/$system" \
		--weather "$world/weather/$system" --signer "expired=$pki/expired.crt,$pki/expired.key"
	for name in $world_systems; do printf '%s\n' --document-certificate "${name}_is=$pki/$name.crt"; done
	for name in $world_persons; do
		printf '%s\n' --document-certificate "$name=$pki/$name.crt" --signer "$name=$pki/$name.crt,$pki/$name.key"
	done
	printf '%s\n' --set "calendar=$PWD/config/calendar"
}

world_system() {
	local words
	mapfile -t words < <(world_command "$1" "$2")
	world_launch "$1" "$2" "${words[@]}"
}

world_start() {
	local world=$1 system
	world_redis "$world"
	world_launch "$world" authority qaqpa-authority serve --listen "127.0.0.1:$(world_port 3)" "$world/pki"
	for system in $world_systems; do world_system "$world" "$system"; done
	world_launch "$world" gateway qaqpad --config "$world/qaqpa.yaml"
	for _ in $(seq 200); do
		if world_ready && world_up "$world"; then
			return 0
		fi
		world_alive "$world" || break
		sleep 0.05
	done
	echo "The world did not start; logs:" >&2
	tail -n 5 "$world"/log/*.log >&2
	return 1
}

# The gateway is ready, and the authority has told the status of every certificate.
world_ready() {
	local health
	health=$(curl -s -f "http://127.0.0.1:$(world_port 1)/readyz") && ! grep -q '"ok":false' <<<"$health"
}

# Every simulated system has said that it listens.
world_up() {
	local system
	for system in $world_systems; do grep -q listens "$1/log/$system.out" || return 1; done
}

world_alive() {
	local pid
	for pid in "$1"/*.pid; do kill -0 "$(cat "$pid")" 2>/dev/null || return 1; done
}

world_stop() {
	local pid
	for pid in "$1"/gateway.pid "$1"/*.pid; do world_end "$pid"; done
}

world_end() { # a file with a process id
	[ -f "$1" ] || return 0
	kill "$(cat "$1")" 2>/dev/null && wait "$(cat "$1")" 2>/dev/null || true
	rm -f "$1"
}

# Sends as one of the systems: world, system, then what qaqpa send takes.
world_send() {
	local world=$1 system=$2
	shift 2
	qaqpa send --url "http://127.0.0.1:$(world_port 0)/bip-sync-wss-gost/" --sender-id "${system}_is" \
		--password-file "$world/$system.password" --certificate "$world/pki/$system.crt" --key "$world/pki/$system.key" \
		--peer-certificate "$world/pki/gateway.crt" "$@"
}

# What a system does by itself; what comes on the asynchronous channel goes to the one that runs.
world_act() { # world, system, verb, argument
	local words
	mapfile -t words < <(world_command "$1" "$2")
	"${words[@]}" --listen 127.0.0.1:0 --act "$3" ${4:+--argument "$4"} 2>>"$1/log/story.log"
}

world_until() { # tries of a tenth of a second, command...
	local tries=$1
	shift
	for _ in $(seq "$tries"); do
		"$@" && return 0
		sleep 0.1
	done
	echo "waited in vain for: $*" >&2
	return 1
}

world_by_hand() {
	local world=$1 url here=${1#"$PWD/"}
	url="http://127.0.0.1:$(world_port 0)/bip-sync-wss-gost/"
	world_send "$world" department --service PERMITS_NIKAD --print adapters/permits/examples/nikad-request.xml >"$world/example.xml"
	cat <<END

== Try it by hand
  contract   $url?wsdl
  message    curl -s -H 'Content-Type: text/xml; charset=utf-8' --data-binary @$here/example.xml $url
             (signed by the departmental system; sent twice it gets the first answer again)
  journal    build/release/bin/qaqpa msg trace --journal $here/journal
  health     curl -s http://127.0.0.1:$(world_port 1)/readyz
  weather    echo 'PERMITS_NIKAD always drop' >$here/weather/permits
             (an empty file is fair weather again; qaqpa(1) has the words)
END
}
