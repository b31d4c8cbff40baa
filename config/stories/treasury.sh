# SPDX-License-Identifier: GPL-3.0-or-later
# A treasury document that is returned twice and then executed (order No. 98, rules T1, T2 and T4). Sourced by bash after
# config/world.sh.

story_treasury() {
	local world=$1 since number
	since=$(TZ=Asia/Almaty date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	number=B-$(date +%s%N)
	echo
	echo "== A client sends a bill for payment with the signature of its head alone: the gateway refuses it, and the treasury never"
	echo "   meets it"
	world_act "$world" treasury send-document "$number 002 60000.00 60000.00 treasury-head" || true
	echo
	echo "== With a second signature by somebody whose role signs plans of financing, not bills: refused too"
	world_act "$world" treasury send-document "$number 002 60000.00 60000.00 treasury-head,treasury-planner" || true
	echo
	echo "== Head and chief accountant sign; the total does not match the lines: the Treasury-Client returns it with the reason"
	world_act "$world" treasury send-document "$number 002 60000.00 61000.00 treasury-head,treasury-finance" || true
	world_act "$world" treasury show "$number"
	echo
	echo "== Corrected, under the same number: handed over to the Integrated Treasury IS, which finds that less is allotted"
	world_act "$world" treasury send-document "$number 002 60000.00 60000.00 treasury-head,treasury-finance"
	world_until 100 treasury_is "$world" "$number" RETURNED
	world_act "$world" treasury show "$number"
	echo
	echo "== Corrected again: executed"
	world_act "$world" treasury send-document "$number 002 10.00 10.00 treasury-head,treasury-finance"
	world_until 100 treasury_is "$world" "$number" EXECUTED
	world_act "$world" treasury show "$number"
	echo
	echo "== What the journal holds of it"
	qaqpa msg trace --journal "$world/journal" --since "$since"
}

treasury_is() { world_act "$1" treasury show "$2" | grep -q -x "document $2: $3"; }
