# SPDX-License-Identifier: GPL-3.0-or-later
# Every adapters/<system>/ with C becomes part of one library of simulated systems.
file(GLOB adapter_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/adapters/*.c ${PROJECT_SOURCE_DIR}/adapters/*/*.c)
if(adapter_sources AND TARGET qaqpa_sim)
	add_library(qaqpa_adapters STATIC ${adapter_sources})
	target_include_directories(qaqpa_adapters PUBLIC ${PROJECT_SOURCE_DIR}/adapters)
	target_compile_options(qaqpa_adapters PRIVATE ${QAQPA_WARNINGS})
	target_link_libraries(qaqpa_adapters PUBLIC qaqpa_sim qaqpa_nikad qaqpa_calendar PRIVATE PkgConfig::XML PkgConfig::SQLITE)
endif()
