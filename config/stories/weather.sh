# SPDX-License-Identifier: GPL-3.0-or-later
# Bad weather at the other side (adapters/README.md, "Rehearsing on a laptop"). Sourced by bash after config/world.sh.

story_weather() {
	local world=$1 since kind
	since=$(TZ=Asia/Almaty date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	echo
	echo "== The permits system misbehaves once in each way; what the departmental system hears of its request for a number"
	for kind in 'drop' 'after commit drop' 'html-502' 'empty-200' 'wrong-signature' 'fault SCE004' 'delay 300ms'; do
		weather_turns "$world" permits "PERMITS_NIKAD 1 $kind"
		printf '   %-20s ' "$kind"
		weather_asks "$world"
	done
	weather_turns "$world" permits
	echo
	echo "== The register takes a permit, and its answer is lost: the application ends with \"try later\", not with a lie"
	weather_turns "$world" permits 'PERMITS_REGISTER 1 after commit drop'
	world_act "$world" monitoring send-request || true
	weather_turns "$world" permits
	echo
	echo "== The monitoring IS is behind a broken proxy, then takes a status and forgets to say so, then has it twice: the status was"
	echo "   accepted at once, is sent again until somebody acknowledges it, and is kept once"
	weather_turns "$world" monitoring 'MONITORING_STATUS 1 html-502; MONITORING_STATUS 2 after commit drop; MONITORING_STATUS 3 duplicate'
	world_send "$world" department --service MONITORING_STATUS adapters/monitoring/examples/status-notification.xml | head -1
	world_until 300 weather_over "$world"
	weather_turns "$world" monitoring
	grep -o '"service":"MONITORING_STATUS".*"weather":"[^"]*"' "$world/log/monitoring.log" | tail -3 | sed 's|^|   |'
	echo
	echo "== What the journal holds of it"
	qaqpa msg trace --journal "$world/journal" --since "$since"
}

# What comes over a system from now on; nothing: fair weather.
weather_turns() { # world, system, script
	printf '%s\n' "${3:-}" >"$1/weather/fresh"
	mv "$1/weather/fresh" "$1/weather/$2"
}

# One request for a number: the status, or fault and reason.
weather_asks() {
	local heard
	heard=$(world_send "$1" department --service PERMITS_NIKAD adapters/permits/examples/nikad-request.xml 2>&1 || true)
	grep -o -E '\b(QG|SCE|SCS[SE])[0-9]{3}\b|reason=[a-z.-]+' <<<"$heard" | sort -u | paste -s -d ' '
}

# Nothing waits for the monitoring IS any more.
weather_over() {
	! qaqpa queue ls --socket "$1/redis.sock" --spool "$1/spool" | grep -q '^MONITORING_STATUS '
}
