# SPDX-License-Identifier: GPL-3.0-or-later
# qaqpa_scripts: the scripts that Redis runs for the queue, as octets, in the order of enum queue_script.
set(scripts_dir ${PROJECT_SOURCE_DIR}/gateway/queue)
set(scripts_out ${PROJECT_BINARY_DIR}/scripts)
set(scripts put claim renew settle hold retry drop list show totals recall remember)
list(TRANSFORM scripts REPLACE "(.+)" "${scripts_dir}/\\1.lua")
list(JOIN scripts "|" script_files)
file(MAKE_DIRECTORY ${scripts_out})
add_custom_command(
	OUTPUT ${scripts_out}/queue_scripts.inc
	COMMAND ${CMAKE_COMMAND} -D OUT=${scripts_out}/queue_scripts.inc -D COMMON=${scripts_dir}/common.lua
		-D FILES=${script_files} -P ${PROJECT_SOURCE_DIR}/cmake/lua.cmake
	DEPENDS ${scripts} ${scripts_dir}/common.lua ${PROJECT_SOURCE_DIR}/cmake/lua.cmake
	COMMENT "embed scripts of the queue" VERBATIM)
add_custom_target(qaqpa_scripts_made DEPENDS ${scripts_out}/queue_scripts.inc)
add_library(qaqpa_scripts INTERFACE)
target_include_directories(qaqpa_scripts INTERFACE ${scripts_out})
add_dependencies(qaqpa_scripts qaqpa_scripts_made)
