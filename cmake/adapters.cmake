# SPDX-License-Identifier: GPL-3.0-or-later
# C of adapters/: what begins with adapter_ carries out rules inside the gateway, with what both sides share; the rest
# simulates systems. Scripts for Redis, adapters/<system>/*.lua, are embedded as <system>_scripts.inc, in the order of their
# names.
set(adapters_dir ${PROJECT_SOURCE_DIR}/adapters)
set(adapter_scripts_out ${PROJECT_BINARY_DIR}/adapter-scripts)
file(MAKE_DIRECTORY ${adapter_scripts_out})
file(GLOB adapter_scripts CONFIGURE_DEPENDS ${adapters_dir}/*/*.lua)
set(adapter_script_systems)
foreach(script IN LISTS adapter_scripts)
	cmake_path(GET script PARENT_PATH folder)
	cmake_path(GET folder FILENAME system)
	list(APPEND adapter_script_systems ${system})
	list(APPEND adapter_scripts_${system} ${script})
endforeach()
list(REMOVE_DUPLICATES adapter_script_systems)
set(adapter_incs)
foreach(system IN LISTS adapter_script_systems)
	set(inc ${adapter_scripts_out}/${system}_scripts.inc)
	list(JOIN adapter_scripts_${system} "|" files)
	add_custom_command(
		OUTPUT ${inc}
		COMMAND ${CMAKE_COMMAND} -D OUT=${inc} -D COMMON=${PROJECT_SOURCE_DIR}/gateway/queue/desk.lua
			-D FILES=${files} -P ${PROJECT_SOURCE_DIR}/cmake/lua.cmake
		DEPENDS ${adapter_scripts_${system}} ${PROJECT_SOURCE_DIR}/gateway/queue/desk.lua
			${PROJECT_SOURCE_DIR}/cmake/lua.cmake
		COMMENT "embed scripts of ${system}" VERBATIM)
	list(APPEND adapter_incs ${inc})
endforeach()

if(TARGET qaqpa_adapter AND TARGET qaqpa_flow)
	file(GLOB adapter_sources CONFIGURE_DEPENDS ${adapters_dir}/*/adapter_*.c)
	add_library(qaqpa_gateway_adapters STATIC ${adapters_dir}/adapters.c ${adapters_dir}/common/business.c
		${adapters_dir}/files/temp_files.c ${adapters_dir}/files/temp_store.c ${adapter_sources} ${adapter_incs})
	target_include_directories(qaqpa_gateway_adapters PUBLIC ${adapters_dir} PRIVATE ${adapter_scripts_out})
	target_compile_options(qaqpa_gateway_adapters PRIVATE ${QAQPA_WARNINGS})
	target_link_libraries(qaqpa_gateway_adapters PUBLIC qaqpa_adapter qaqpa_journal qaqpa_nikad PRIVATE PkgConfig::XML)
	target_link_libraries(qaqpa_adapter PUBLIC qaqpa_gateway_adapters) # who finds an adapter needs the list
endif()
if(TARGET qaqpa_sim)
	file(GLOB system_sources CONFIGURE_DEPENDS ${adapters_dir}/*.c ${adapters_dir}/*/*.c)
	list(FILTER system_sources EXCLUDE REGEX "/(adapters|business|temp_files|temp_store|adapter_[^/]*)\\.c$")
	add_library(qaqpa_adapters STATIC ${system_sources})
	target_include_directories(qaqpa_adapters PUBLIC ${adapters_dir})
	target_compile_options(qaqpa_adapters PRIVATE ${QAQPA_WARNINGS})
	target_link_libraries(qaqpa_adapters PUBLIC qaqpa_sim qaqpa_calendar qaqpa_gateway_adapters PRIVATE PkgConfig::XML PkgConfig::SQLITE)
endif()
