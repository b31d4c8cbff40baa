# SPDX-License-Identifier: GPL-3.0-or-later
# A small world on one machine for ./run: the gateway and three simulated systems with throw-away keys.
# Sourced by bash; every function takes the folder of the world. Ports start at QAQPA_PORT (default 9080).

world_port() { echo $((${QAQPA_PORT:-9080} + $1)); }

world_make() {
	local world=$1 system
	umask 077
	mkdir -p "$world/log" "$world/state"
	certs/make-test-pki "$world/pki" >/dev/null
	for system in permits monitoring department; do
		[ -s "$world/$system.password" ] || openssl rand -hex 16 >"$world/$system.password"
		[ -s "$world/$system.hash" ] || qaqpa hash-password <"$world/$system.password" >"$world/$system.hash"
	done
	world_config "$world" >"$world/qaqpa.yaml"
	qaqpa check --config "$world/qaqpa.yaml"
}

world_config() {
	local world=$1 pki=$1/pki system
	cat <<END
# Made by ./run for a try-out on one machine. A production sample is config/qaqpa.yaml.
gateway:
  zone: Asia/Almaty
admin:
  listen: "127.0.0.1:$(world_port 1)"
journal:
  directory: $world/journal
  free_space: 64MiB
authorities: [$pki/root.crt, $pki/issuing.crt]
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
    certificate: $pki/gateway.crt
    key: $pki/gateway.key
participants:
END
	for system in permits monitoring department; do
		cat <<END
  - name: $system
    sender_ids: ${system}_is
    password_hash: "$(cat "$world/$system.hash")"
    certificates: $pki/$system.crt
    may_call: "*"
END
	done
	cat <<END
services:
END
	sed "s|@PERMITS@|http://127.0.0.1:$(world_port 11)/|; s|@MONITORING@|http://127.0.0.1:$(world_port 12)/|
		s|@DEPARTMENT@|http://127.0.0.1:$(world_port 13)/|; s|@WSDL@|$PWD/wsdl|" config/world-services.yaml
}

world_launch() { # world, name, command...
	local world=$1 name=$2
	shift 2
	"$@" >"$world/log/$name.out" 2>"$world/log/$name.log" &
	echo $! >"$world/$name.pid"
}

world_start() {
	local world=$1 pki=$1/pki system n=11
	for system in permits monitoring department; do
		world_launch "$world" "$system" qaqpa sim "$system" --listen "127.0.0.1:$(world_port $n)" \
			--certificate "$pki/$system.crt" --key "$pki/$system.key" --peer-certificate "$pki/gateway.crt" \
			--gateway "http://127.0.0.1:$(world_port 0)/bip-sync-wss-gost/" --sender-id "${system}_is" \
			--password-file "$world/$system.password" --state "$world/state/$system" \
			--document-certificate "department_is=$pki/department.crt"
		n=$((n + 1))
	done
	world_launch "$world" gateway qaqpad --config "$world/qaqpa.yaml"
	for _ in $(seq 200); do
		if [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$(world_port 1)/readyz")" = 200 ] && world_up "$world"; then
			return 0
		fi
		world_alive "$world" || break
		sleep 0.05
	done
	echo "The world did not start; logs:" >&2
	tail -n 5 "$world"/log/*.log >&2
	return 1
}

# Every simulated system has said that it listens.
world_up() {
	local system
	for system in permits monitoring department; do grep -q listens "$1/log/$system.out" || return 1; done
}

world_alive() {
	local pid
	for pid in "$1"/*.pid; do kill -0 "$(cat "$pid")" 2>/dev/null || return 1; done
}

world_stop() {
	local pid
	for pid in "$1"/gateway.pid "$1"/*.pid; do
		[ -f "$pid" ] || continue
		kill "$(cat "$pid")" 2>/dev/null && wait "$(cat "$pid")" 2>/dev/null || true
		rm -f "$pid"
	done
}
