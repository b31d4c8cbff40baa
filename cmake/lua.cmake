# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -D OUT=<file> -D COMMON=<file> -D FILES=<a|b|...> -P lua.cmake: one row SCRIPT("name", "SHA-1", "octets") for every
# file; COMMON stands in each behind the first line, which only says the flags.
string(REPLACE "|" ";" FILES "${FILES}")
file(READ ${COMMON} common)
set(rows "")
foreach(path IN LISTS FILES)
	get_filename_component(name ${path} NAME_WE)
	file(READ ${path} text)
	string(FIND "${text}" "\n" end)
	math(EXPR end "${end} + 1")
	string(SUBSTRING "${text}" 0 ${end} head)
	string(SUBSTRING "${text}" ${end} -1 body)
	string(SHA1 sha "${head}${common}${body}")
	string(HEX "${head}${common}${body}" hex)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" octets "${hex}")
	string(APPEND rows "SCRIPT(\"${name}\", \"${sha}\", \"${octets}\")\n")
endforeach()
file(WRITE ${OUT} "${rows}")
