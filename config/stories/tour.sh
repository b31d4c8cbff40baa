# SPDX-License-Identifier: GPL-3.0-or-later
# The main job of the gateway in ten minutes' reading: what ./run shows. Sourced by bash after config/world.sh.

story_tour() {
	local world=$1 since
	since=$(TZ=Asia/Almaty date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	echo
	echo "== The State Corporation's application goes from the monitoring IS to the departmental system, which asks the permits"
	echo "   system for a number, registers the signed permit, tells the status, and answers"
	world_act "$world" monitoring send-request
	echo
	echo "== The same on the asynchronous channel: the gateway acknowledges and sends on, the departmental system tells that it"
	echo "   accepted, and later the result; the sender is told what became of its message"
	world_act "$world" monitoring send-case
	echo
	echo "== The departmental system asks for one more number (and gets a verified answer)"
	world_send "$world" department --service PERMITS_NIKAD adapters/permits/examples/nikad-request.xml
	echo
	echo "== The same message, changed by one letter after signing: refused, and the fault says why (diagnostics are on here)"
	world_send "$world" department --service PERMITS_NIKAD --print adapters/permits/examples/nikad-request.xml |
		sed 's|<serviceId>PERMITS_NIKAD|<serviceId>PERMITS_NIKAE|' >"$world/changed.xml"
	world_send "$world" department --raw "$world/changed.xml" 2>&1 | sed 's|><|>\n<|g' | grep -E '^(HTTP|<faultcode|<errorCode|<errorMessage|<errorData|reason|  )' | cut -c1-200 || true
	echo
	echo "== The monitoring IS goes away: a status is accepted all the same, waits, and goes when the receiver is back (rule B5)"
	world_end "$world/monitoring.pid"
	world_send "$world" department --service MONITORING_STATUS adapters/monitoring/examples/status-notification.xml | head -6
	world_until 50 tour_queue "$world" 1
	qaqpa queue ls --socket "$world/redis.sock" --spool "$world/spool"
	world_system "$world" monitoring
	world_until 200 tour_queue "$world" 0
	echo "the receiver is back, the queue is empty"
	echo
	echo "== The operator blocks the certificate of the departmental system, as after a report that its key is compromised: the"
	echo "   next message is refused; unblocked, it is accepted again"
	qaqpa cert block --config "$world/qaqpa.yaml" --reason "key reported as compromised" "$world/pki/department.crt"
	world_until 50 tour_hears "$world" "reason=certificate.blocked"
	qaqpa cert unblock --config "$world/qaqpa.yaml" "$world/pki/department.crt"
	world_until 50 tour_hears "$world" "signature verified, HTTP 200"
	echo
	echo "== What the journal holds: which message went where, verified by the gateway, signed by whom, how long each leg took"
	qaqpa msg trace --journal "$world/journal" --since "$since"
}

# True when so many messages wait for the monitoring IS.
tour_queue() {
	local waiting
	waiting=$(qaqpa queue ls --socket "$1/redis.sock" --spool "$1/spool" | awk '$1 == "MONITORING_STATUS" {print $2 + $3}')
	[ "${waiting:-0}" = "$2" ]
}

# The answer to the departmental system's next message holds these words.
tour_hears() {
	local heard
	heard=$(world_send "$1" department --service PERMITS_NIKAD adapters/permits/examples/nikad-request.xml 2>&1 || true)
	grep -o -m1 "$2" <<<"$heard"
}
