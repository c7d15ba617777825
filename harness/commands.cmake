# The part of the harness that is built on zogap_measure: options, cases, verification, commands, and the executable.
add_library(zogap_harness STATIC
  batch_set.c bench.c case.c case_id.c commands.c engine_list.c estimate.c fidelity.c measure.c measure_phases.c measure_summary.c meta.c manifest.c options.c plan.c policy.c result_dir.c
  ladder.c ladder_plot.c ladder_rows.c ladder_table.c results.c runner.c session.c 
  verify.c words.c
  compare.c compare_table.c gate.c gate_builds.c gate_dirs.c gate_junit.c gate_print.c meta_diff.c result_set.c
  measure_json.c cmd/compare.c cmd/gate.c cmd/info.c cmd/ladder.c cmd/roofline.c cmd/run.c cmd/score.c cmd/verify.c)
target_link_libraries(zogap_harness PUBLIC zogap_measure zogap_engines zogap_algorithm zogap_model zogap_workloads
                                           dep_jansson)
if(ZOGAP_HAVE_OPENBLAS)
  target_link_libraries(zogap_harness PUBLIC dep_openblas)
endif()

add_executable(zogap main.c)
target_link_libraries(zogap PRIVATE zogap_harness)
set_target_properties(zogap PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
