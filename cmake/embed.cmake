# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -D OUT=<file> -D FILES=<a|b|...> -P embed.cmake: one row DOCUMENT("name", "octets") for every file.
string(REPLACE "|" ";" FILES "${FILES}")
set(rows "")
foreach(path IN LISTS FILES)
	get_filename_component(name ${path} NAME)
	file(READ ${path} hex HEX)
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" octets "${hex}")
	string(APPEND rows "DOCUMENT(\"${name}\", \"${octets}\")\n")
endforeach()
file(WRITE ${OUT} "${rows}")
