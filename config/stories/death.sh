# SPDX-License-Identifier: GPL-3.0-or-later
# A death: the database of individuals announces it, and the permits system annuls every permit of the person (rules P16, P18,
# P19). Sourced by bash after config/world.sh.

story_death() {
	local world=$1 since person=800303300034 paper restored number
	since=$(TZ=Asia/Almaty date +%Y-%m-%dT%H:%M:%S.%3N%:z)
	paper=GL-$(date +%s%N)
	echo
	echo "== Two permits of the years on paper are restored: the head signs each record, which becomes the electronic permit"
	world_act "$world" department restore "$paper-A $person"
	restored=$(world_act "$world" department restore "$paper-B $person")
	echo "$restored"
	number=${restored##*NIKAD }
	echo
	echo "== The same number on paper a second time: refused"
	world_act "$world" department restore "$paper-B $person" || true
	echo
	echo "== The database of individuals announces the death of the holder (once: a second announcement changes nothing)"
	world_act "$world" gbdfl announce-death "$person" || true
	world_act "$world" gbdfl announce-death "$person" || true
	echo
	echo "== The body that had issued them hears of it"
	world_until 100 death_brought "$world" "$number"
	echo
	echo "== Anybody may look into the open part of the register: annulled, and no number of the holder is shown"
	sed "s|<ServiceCode>.*<Page>|<Nikad>$number</Nikad><Page>|" adapters/permits/examples/search-request.xml >"$world/search.xml"
	world_send "$world" tax --service PERMITS_SEARCH "$world/search.xml"
	echo
	echo "== Each leg as the journal has it"
	qaqpa msg trace --journal "$world/journal" --since "$since" --limit 1000
}

death_brought() {
	world_act "$1" department show "$2" | grep '^DEATH '
}
