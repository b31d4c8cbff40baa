# SPDX-License-Identifier: GPL-3.0-or-later
# Compiler flags of our own code; generated code is compiled without the warnings.
set(QAQPA_WARNINGS -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
	-Wwrite-strings -Wvla -Wformat=2 -Wundef -Werror=implicit-function-declaration -Werror=format-security
	-Werror=unused-result -Werror=incompatible-pointer-types)
if(QAQPA_WERROR)
	list(APPEND QAQPA_WARNINGS -Werror)
endif()
# Nobody puts a function of his own in the place of one of ours: those of one file may be inlined in one another.
add_compile_options(-g -fno-omit-frame-pointer -fno-strict-aliasing -fno-semantic-interposition)
add_compile_definitions(_GNU_SOURCE)
if(QAQPA_SANITIZE OR QAQPA_COVERAGE)
	add_compile_definitions(QAQPA_INSTRUMENTED) # what the instruments do at the end fits into no confinement
endif()
if(QAQPA_SANITIZE)
	add_compile_options(-fsanitize=${QAQPA_SANITIZE} -fno-sanitize-recover=all)
	add_link_options(-fsanitize=${QAQPA_SANITIZE})
	if(QAQPA_SANITIZE MATCHES address)
		add_compile_definitions(QAQPA_SANITIZE_ADDRESS) # by any compiler
	endif()
elseif(QAQPA_HARDEN)
	add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection
		$<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
	add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
if(QAQPA_BOTH_VERDICTS)
	add_compile_definitions(QAQPA_BOTH_VERDICTS)
endif()
if(QAQPA_FUZZ)
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(QAQPA_COVERAGE)
	add_compile_options(--coverage)
	add_link_options(--coverage)
endif()
