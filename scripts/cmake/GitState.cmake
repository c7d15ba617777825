# Writes harness/base/build.h: the version, the commit that is built, and whether the tree differs from it.  Run as a script at
# build time; the file changes only when the state does.
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE state OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR NOT state MATCHES "^[0-9a-f]+(-dirty)?$")
  set(state "no git")
endif()
set(text "/* build.h - what was built; made by scripts/cmake/GitState.cmake. */
#define ZG_VERSION_TEXT \"${VERSION}\"
#define ZG_GIT_STATE    \"${state}\"
")
if(EXISTS "${OUTPUT}")
  file(READ "${OUTPUT}" old)
endif()
if(NOT "${old}" STREQUAL "${text}")
  file(WRITE "${OUTPUT}" "${text}")
endif()
