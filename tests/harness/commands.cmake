# Tests of options, cases, verification, commands, and of the binary itself.
foreach(name options case engine_list environment batch_set fidelity ladder)
  zogap_test(test_harness_${name} SOURCES test_${name}.c LIBS zogap_harness)
endforeach()

zogap_test(test_harness_result_set SOURCES test_result_set.c result_fixture.c LIBS zogap_harness)

zogap_test(test_harness_measure SOURCES test_measure.c LIBS zogap_harness zogap_null_engine zogap_test_writer)

add_executable(make_tiny_model make_tiny_model.c)
target_link_libraries(make_tiny_model PRIVATE zogap_test_writer zogap_model zogap_workloads)
add_test(NAME test_harness_cli
         COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/test_cli.sh" $<TARGET_FILE:zogap> $<TARGET_FILE:make_tiny_model>)
set_tests_properties(test_harness_cli PROPERTIES TIMEOUT 600)
