# Writes the program between @example and @end of a header's comment to a C file: cmake -DHEADER=.. -DOUT=.. -P this.
file(READ "${HEADER}" text)
string(REGEX MATCH "@example\n(.*) \\* @end" found "${text}")
if(NOT found)
  message(FATAL_ERROR "${HEADER} has no @example ... @end")
endif()
set(program "${CMAKE_MATCH_1}")
string(REGEX REPLACE "(^|\n) \\*(     )?" "\\1" program "${program}")
file(WRITE "${OUT}" "${program}")
