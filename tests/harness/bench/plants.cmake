# plants.cmake - makes zogap_planted: zogap with defects planted in it, each behind a switch, to see whether `zogap verify`
# finds them.  The table of defects is plant_table.cmake, the switch planted.h.
#
#     zogap_plant(NAME FILE [[text with `one expression` marked]] [[what stands there instead]] WHAT [OPTION...])
#
# In a copy of FILE, in the build directory, the expression E becomes (zg_plant == ZG_PLANT_NAME ? (WRONG) : (E)).  The text
# must be in FILE exactly once, so that the table cannot rot.  A NAME that comes twice is one defect in two places.  OPTIONs
# are those of the case that shows it; a defect of engine `naive` is shown against `fused`, all others against `naive`.
#
# A NAME that begins with "both-" is a defect that both engines have from one source, fused twice: comparing them finds
# nothing, so what looks at an engine alone must.
set(plant_dir "${CMAKE_CURRENT_BINARY_DIR}/planted")
set(plant_names "")
set(plant_lines "")
set(plant_files "")

function(plant_count out text part)
  string(LENGTH "${text}" before)
  string(LENGTH "${part}" length)
  string(REPLACE "${part}" "" text "${text}")
  string(LENGTH "${text}" after)
  math(EXPR n "(${before} - ${after}) / ${length}")
  set(${out} ${n} PARENT_SCOPE)
endfunction()

macro(plant_require n part)
  if(NOT ${n} EQUAL 1)
    message(FATAL_ERROR "plant ${name}: ${file} has this text ${${n}} times, not once: ${part}")
  endif()
endmacro()

function(zogap_plant name file marked wrong what)
  if(NOT marked MATCHES "^([^`]*)`([^`]+)`([^`]*)$")
    message(FATAL_ERROR "plant ${name}: mark one expression, like `this`: ${marked}")
  endif()
  set(before "${CMAKE_MATCH_1}")
  set(right "${CMAKE_MATCH_2}")
  set(after "${CMAKE_MATCH_3}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${file}")
  file(READ "${CMAKE_SOURCE_DIR}/${file}" source)
  plant_count(n "${source}" "${before}${right}${after}")
  plant_require(n "${before}${right}${after}")

  string(MAKE_C_IDENTIFIER "plant_text_${file}" text)
  if(NOT file IN_LIST plant_files)
    set(${text} "#line 1 \"${CMAKE_SOURCE_DIR}/${file}\"\n${source}")
    set(plant_files ${plant_files} "${file}" PARENT_SCOPE)
  endif()
  plant_count(n "${${text}}" "${before}${right}${after}") # else it overlaps another plant
  plant_require(n "${before}${right}${after}")
  string(MAKE_C_IDENTIFIER "${name}" id)
  string(REPLACE "${before}${right}${after}" "${before}(zg_plant == ZG_PLANT_${id} ? (${wrong}) : (${right}))${after}"
         planted "${${text}}")
  set(${text} "${planted}" PARENT_SCOPE)
  if(NOT name IN_LIST plant_names)
    set(plant_names ${plant_names} "${name}" PARENT_SCOPE)
    set(engine fused)
    if(file MATCHES "^engines/naive/")
      set(engine naive)
    elseif(name MATCHES "^both-")
      set(engine both)
    endif()
    list(JOIN ARGN " " options)
    set(plant_lines "${plant_lines}${name}|${engine}|${options}|${what}\n" PARENT_SCOPE)
  endif()
endfunction()

# Only what changed is written, so that nothing is compiled again for nothing.
function(plant_write path text)
  set(old "")
  if(EXISTS "${path}")
    file(READ "${path}" old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE "${path}" "${text}")
  endif()
endfunction()

include("${CMAKE_CURRENT_SOURCE_DIR}/plant_table.cmake")

set(names "")
foreach(name IN LISTS plant_names)
  string(MAKE_C_IDENTIFIER "${name}" id)
  string(APPEND names "X(${id}, \"${name}\")\n")
endforeach()
plant_write("${plant_dir}/tests/harness/bench/plants.def" "${names}")
plant_write("${plant_dir}/plants.txt" "${plant_lines}")
set(sources "")
foreach(file IN LISTS plant_files)
  string(MAKE_C_IDENTIFIER "plant_text_${file}" text)
  plant_write("${plant_dir}/${file}" "${${text}}")
  if(file MATCHES "\\.c$")
    list(APPEND sources "${file}")
  endif()
endforeach()
# A planted header comes first on the include path of those that take it.
if("engines/runtime/kernels_rows.h" IN_LIST plant_files OR "engines/runtime/kernels_centred.h" IN_LIST plant_files)
  list(APPEND sources engines/runtime/kernels_portable.c)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    list(APPEND sources engines/runtime/kernels_avx2.c engines/runtime/kernels_avx512.c)
  endif()
endif()

# The planted objects stand in front of the archives, whose members of the same names are then never taken.
add_executable(zogap_planted planted_step.c ${CMAKE_SOURCE_DIR}/harness/main.c)
foreach(file IN LISTS sources)
  set(path "${CMAKE_SOURCE_DIR}/${file}")
  if(file IN_LIST plant_files)
    set(path "${plant_dir}/${file}")
  endif()
  get_filename_component(folder "${CMAKE_SOURCE_DIR}/${file}" DIRECTORY)
  get_source_file_property(flags "${CMAKE_SOURCE_DIR}/${file}" DIRECTORY "${folder}" COMPILE_OPTIONS)
  if(flags)
    set_source_files_properties("${path}" PROPERTIES COMPILE_OPTIONS "${flags}")
  endif()
  target_sources(zogap_planted PRIVATE "${path}")
endforeach()
target_include_directories(zogap_planted BEFORE PRIVATE "${plant_dir}")
target_compile_options(zogap_planted PRIVATE -include "${CMAKE_CURRENT_SOURCE_DIR}/planted.h")
target_link_libraries(zogap_planted PRIVATE zogap_harness -Wl,--wrap=zg_bench_step
                      -Wl,--wrap=zg_bench_open_engine -Wl,--wrap=zg_direction_check)

zogap_room_command(test_harness_plants
                   COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/test_plants.sh" $<TARGET_FILE:zogap>
                           $<TARGET_FILE:zogap_planted> $<TARGET_FILE:make_tiny_model> "${plant_dir}/plants.txt"
                   PROPERTIES TIMEOUT 300 ENVIRONMENT OMP_WAIT_POLICY=passive LABELS repeat)
