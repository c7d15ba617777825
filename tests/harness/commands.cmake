# Tests of options, cases, verification, commands, and of the binary itself.
foreach(name child options case engine_list environment bench batch_set estimate fidelity ladder measured_json)
  zogap_test(test_harness_${name} SOURCES test_${name}.c LIBS zogap_harness)
endforeach()
target_link_options(test_harness_batch_set PRIVATE -Wl,--wrap=zg_useful_flops)

foreach(name compare result_set)
  zogap_test(test_harness_${name} SOURCES test_${name}.c result_fixture.c LIBS zogap_harness)
endforeach()

# Plays a build, for the gate; and a build whose steps take longer (spinning_step.c).
add_executable(make_results make_results.c result_fixture.c)
target_link_libraries(make_results PRIVATE zogap_test_support zogap_measure zogap_base)
add_executable(zogap_spinning spinning_step.c ${CMAKE_SOURCE_DIR}/harness/main.c)
target_link_libraries(zogap_spinning PRIVATE zogap_harness -Wl,--wrap=zg_bench_step)
# Whose n-th call of a kind fails (fault.c).
add_executable(zogap_faulty fault.c ${CMAKE_SOURCE_DIR}/harness/main.c)
target_link_libraries(zogap_faulty PRIVATE zogap_harness)
foreach(name malloc calloc realloc aligned_alloc posix_memalign strdup strndup vasprintf asprintf open_memstream mmap
             json_set_alloc_funcs open mkdir write pwrite fsync rename ftruncate close zg_peak_measure)
  target_link_options(zogap_faulty PRIVATE -Wl,--wrap=${name})
endforeach()
zogap_test(test_harness_gate SOURCES test_gate.c result_fixture.c LIBS zogap_harness)
add_dependencies(test_harness_gate zogap make_results)
target_compile_definitions(test_harness_gate PRIVATE ZOGAP_BINARY="$<TARGET_FILE:zogap>"
                                                     MAKE_RESULTS_BINARY="$<TARGET_FILE:make_results>")
find_program(ZOGAP_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH) # Debian's own, which has Debian's packages
find_program(ZOGAP_PYTHON3 python3)
add_test(NAME test_harness_gate_junit
         COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/test_gate_junit.sh" $<TARGET_FILE:zogap> $<TARGET_FILE:make_results>
                 ${ZOGAP_PYTHON3})
set_tests_properties(test_harness_gate_junit PROPERTIES SKIP_RETURN_CODE 77)

foreach(name measure checks counts results)
  zogap_test(test_harness_${name} SOURCES test_${name}.c trial.c tiny_model.c LIBS zogap_harness zogap_null_engine zogap_test_writer)
endforeach()
target_link_options(test_harness_measure PRIVATE -Wl,--wrap=zg_handoff_ns)

add_executable(make_tiny_model make_tiny_model.c tiny_model.c)
target_link_libraries(make_tiny_model PRIVATE zogap_test_writer zogap_model zogap_workloads)
add_test(NAME test_harness_cli
         COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/test_cli.sh" $<TARGET_FILE:zogap> $<TARGET_FILE:make_tiny_model>)
set_tests_properties(test_harness_cli PROPERTIES TIMEOUT 600)

# Defects planted in zogap, for `zogap verify` to find.
include("${CMAKE_CURRENT_SOURCE_DIR}/plants.cmake")

add_test(NAME test_harness_gate_builds
         COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/test_gate_builds.sh" $<TARGET_FILE:zogap> $<TARGET_FILE:zogap_spinning>
                 $<TARGET_FILE:make_tiny_model>)
set_tests_properties(test_harness_gate_builds PROPERTIES LABELS repeat) # times: one build is enough

# What `zogap compare` prints, through python's readers.
find_program(ZOGAP_PYTHON3 python3)
if(ZOGAP_PYTHON3)
  add_test(NAME test_harness_formats
           COMMAND "${ZOGAP_PYTHON3}" "${CMAKE_CURRENT_SOURCE_DIR}/check_formats.py" $<TARGET_FILE:zogap>)
else()
  add_test(NAME test_harness_formats COMMAND sh -c "echo 'skipped: python3 is not installed'; exit 77")
endif()
set_tests_properties(test_harness_formats PROPERTIES TIMEOUT 60 SKIP_RETURN_CODE 77)

# Nothing lost: faults, kills, stops.  Python's own modules are enough.
if(ZOGAP_PYTHON3)
  add_test(NAME test_harness_faults
           COMMAND "${ZOGAP_PYTHON3}" "${CMAKE_CURRENT_SOURCE_DIR}/test_faults.py" $<TARGET_FILE:zogap_faulty>
                   $<TARGET_FILE:make_tiny_model>)
  add_test(NAME test_harness_kill
           COMMAND "${ZOGAP_PYTHON3}" "${CMAKE_SOURCE_DIR}/scripts/study_kill.py" $<TARGET_FILE:zogap>
                   $<TARGET_FILE:make_tiny_model> "${CMAKE_CURRENT_BINARY_DIR}/kills" --kills 3 --blocks 20)
  add_test(NAME test_harness_stop
           COMMAND "${ZOGAP_PYTHON3}" "${CMAKE_CURRENT_SOURCE_DIR}/test_stop.py" $<TARGET_FILE:zogap>
                   $<TARGET_FILE:make_tiny_model>)
  set_tests_properties(test_harness_faults test_harness_kill test_harness_stop PROPERTIES TIMEOUT 600 LABELS repeat)
endif()

# Instructions counted by valgrind, which is slow.
add_test(NAME test_count_instructions
         COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/test_count_instructions.sh" $<TARGET_FILE:zogap> $<TARGET_FILE:make_tiny_model>
                 $<TARGET_FILE:zogap_spinning>)
set_tests_properties(test_count_instructions PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77 LABELS repeat)
