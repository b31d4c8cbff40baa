# SPDX-License-Identifier: GPL-3.0-or-later
# A licence, from the front office of the State Corporation to the decision and back (rules P5, P6, P8, P11 to P13, P17, M1).
# Sourced by bash after config/world.sh.

story_licence() {
	local world=$1 since fee filed number
	since=$(TZ=Asia/Almaty date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	fee=FEE-$(date +%s%N)
	echo
	echo "== An employee of the State Corporation files an application for a licence and names a payment that nobody made: the"
	echo "   permits system asks the registers and the payment gateway at once, and tells all that is wrong"
	world_act "$world" monitoring file "LICENCE-001 $fee" || true
	echo
	echo "== The applicant pays on the portal, the employee files again: registered, the application gets its number"
	world_act "$world" payment pay "$fee 39320.00 900101300017"
	filed=$(world_act "$world" monitoring file "LICENCE-001 $fee")
	echo "$filed"
	number=${filed##*NIKAD }
	echo
	echo "== The application is brought to the body"
	world_until 100 licence_brought "$world" "$number" APPLICATION
	echo
	echo "== The body wants the consent of another one and lets the term stand still without a word to the applicant: refused"
	world_act "$world" department coordinate "$number" || true
	echo
	echo "== The head tells the applicant that the term stands still, then asks the other body"
	world_act "$world" department suspend "$number"
	world_act "$world" department coordinate "$number"
	world_until 100 licence_brought "$world" "$number" COORDINATION_REQUEST
	echo
	echo "== A decision before the answer, while the term stands still: refused, for both reasons"
	world_act "$world" department decide "$number grant" || true
	echo
	echo "== The head of the other body consents; the decision goes to the executor by itself, and the term goes on"
	world_act "$world" department opinion
	world_until 100 licence_brought "$world" "$number" COORDINATION_REPLY
	world_act "$world" department resume "$number"
	echo
	echo "== The head grants the licence: it stands in the register, and the monitoring IS hears of it"
	world_act "$world" department decide "$number grant"
	world_until 100 licence_told "$world"
	echo
	echo "== Each leg as the journal has it"
	qaqpa msg trace --journal "$world/journal" --since "$since" --limit 1000
}

# The departmental system has a document of this kind about the application.
licence_brought() {
	world_act "$1" department show "$2" | grep "^$3 "
}

# No status waits for the monitoring IS any more.
licence_told() {
	local waiting
	waiting=$(qaqpa queue ls --socket "$1/redis.sock" --spool "$1/spool" | awk '$1 == "MONITORING_STATUS" {print $2 + $3}')
	[ "${waiting:-0}" = 0 ]
}
