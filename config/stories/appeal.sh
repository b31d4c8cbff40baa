# SPDX-License-Identifier: GPL-3.0-or-later
# A video appeal that is redirected and answered (order No. 50, rules A2 and A5 to A9). Sourced by bash after config/world.sh.

story_appeal() {
	local world=$1 since receipt number code
	since=$(TZ=Asia/Almaty date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	echo
	echo "== At an office of the State Corporation a person records an appeal to the departmental body; the receipt has the number,"
	echo "   the secret code, the bar code and the day of the answer"
	receipt=$(appeal_say "$world" monitoring APPEALS_APPEAL appeal-request)
	appeal_words Appeal RegisteredDate SecretCode BarCode AnswerBy <<<"$receipt"
	number=$(appeal_word Appeal <<<"$receipt")
	code=$(appeal_word SecretCode <<<"$receipt")
	echo
	echo "== The body has a registration-and-control card in the document circulation, which tells what becomes of it"
	world_until 100 appeal_shows "$world" "$number" "card $number execution"
	world_act "$world" appeals show "$number"
	echo
	echo "== The matter is not the body's: within three working days it redirects the appeal, and the applicant is told"
	appeal_say "$world" department APPEALS_REDIRECT redirect-request "$number" | appeal_words Appeal RedirectedDate
	echo "   The same again is refused: the appeal is with another body now"
	appeal_say "$world" department APPEALS_REDIRECT redirect-request "$number" | appeal_words Code Text
	echo
	echo "== The portal asks by the secret code: there is no answer yet"
	appeal_say "$world" portal APPEALS_FIND find-request "" "$code" | appeal_words Appeal State AnswerBy
	echo
	echo "== The competent body decides; the answer ends its card, and goes to the cabinet, by e-mail and by post"
	appeal_say "$world" permits APPEALS_OUTCOME outcome-request "$number" | appeal_words Appeal AnsweredDate InTime
	world_until 100 appeal_shows "$world" "$number" "card $number-[0-9]* finished"
	world_act "$world" appeals show "$number"
	echo
	echo "== The secret code finds the answer; a code with one wrong character finds nothing, and does not say why"
	appeal_say "$world" portal APPEALS_FIND find-request "" "$code" | appeal_words State Outcome Text AnsweredDate
	appeal_say "$world" portal APPEALS_FIND find-request "" "${code%?}-" | appeal_words Code Text
	echo
	echo "== What the journal holds of it"
	qaqpa msg trace --journal "$world/journal" --since "$since"
}

# One of the examples with a request number and a terminal of its own, the number of the appeal and the secret code; prints what
# came back.
appeal_say() { # world, system, service, example, number, code
	local number
	number=$(printf '%020d' "$(date +%s%N)")
	sed -e "s|<RequestNumber>[0-9]*|<RequestNumber>$number|" -e "s|VA[0-9]\{10\}|${5:-&}|" -e "s|<SecretCode>[^<]*|<SecretCode>${6:-}|" \
		-e "s|<Terminal>[^<]*|<Terminal>T-$number|" "adapters/appeals/examples/$4.xml" >"$1/appeal.xml"
	world_send "$1" "$2" --service "$3" "$1/appeal.xml" || true
}

# The words of these elements, a line each, and one of them alone.
appeal_words() {
	local text name
	text=$(cat)
	for name in "$@"; do grep -o "<$name>[^<]*" <<<"$text" | sed 's|^<\(.*\)>|   \1: |' || true; done
}
appeal_word() { grep -o -m1 "<$1>[^<]*" | sed 's|.*>||'; }

appeal_shows() { world_act "$1" appeals show "$2" | grep -q -x "$3.*"; }
