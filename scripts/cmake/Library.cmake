# libzogap: the ZO interface with its engines and algorithms, and the timing core, for other programs.  Shared (everything
# hidden but what a public header declares) and static, of the same objects as the binary.

# Public headers, from anywhere in the tree, are installed flat as <zogap/NAME.h>.
set(ZOGAP_PUBLIC_HEADERS
  engines/api.h engines/error.h engines/example.h engines/tensors.h engines/model.h engines/zo.h
  engines/algorithm/algorithm.h engines/algorithm/passes.h
  engines/algorithm/step.h
  harness/base/clock.h harness/machine/usage.h harness/stats/blocks.h harness/stats/stats.h
  harness/timing/counters.h harness/timing/sampler.h)
set(public_folder "${CMAKE_BINARY_DIR}/include/zogap")
set(public_made "")
foreach(header IN LISTS ZOGAP_PUBLIC_HEADERS)
  get_filename_component(name "${header}" NAME)
  file(READ "${CMAKE_SOURCE_DIR}/${header}" text)
  string(REGEX MATCHALL "#include \"[^\"]*\"" includes "${text}")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "#include \"(.*)\"" "\\1" included "${include}")
    if(NOT included IN_LIST ZOGAP_PUBLIC_HEADERS)
      message(FATAL_ERROR "${header} is public and includes ${included}, which is not: see scripts/cmake/Library.cmake")
    endif()
  endforeach()
  string(REGEX REPLACE "#include \"([^\"]*/)([^/\"]*)\"" "#include <zogap/\\2>" text "${text}")
  set(old "")
  if(EXISTS "${public_folder}/${name}")
    file(READ "${public_folder}/${name}" old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE "${public_folder}/${name}" "${text}")
  endif()
  list(APPEND public_made "${public_folder}/${name}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${header}")
endforeach()

# What public headers declare is taken whole from these; what those call, from the archives below, as needed.
set(whole zogap_base zogap_model zogap_interface zogap_engines zogap_layout zogap_algorithm
  zogap_harness_stats zogap_harness_timing)
get_target_property(engines zogap_engines LINK_LIBRARIES) # the registry links every engine
list(FILTER engines INCLUDE REGEX "^zogap_engine_")
list(APPEND whole ${engines})
set(archives zogap_runtime zogap_provider_fused zogap_harness_base zogap_harness_machine)
if(TARGET zogap_dnnl)
  list(APPEND archives zogap_dnnl)
endif()
set(objects "")
foreach(target IN LISTS whole)
  list(APPEND objects $<TARGET_OBJECTS:${target}>)
endforeach()
set(more_objects "")
foreach(target IN LISTS archives)
  list(APPEND more_objects $<TARGET_OBJECTS:${target}>)
endforeach()

set(ZOGAP_SOVERSION 0) # goes up with every change that breaks a program linked before
add_library(libzogap SHARED ${objects})
set_target_properties(libzogap PROPERTIES OUTPUT_NAME zogap EXPORT_NAME zogap
  VERSION ${PROJECT_VERSION} SOVERSION ${ZOGAP_SOVERSION} LINKER_LANGUAGE C)
target_link_libraries(libzogap PRIVATE ${whole} ${archives})
target_link_options(libzogap PRIVATE -Wl,-z,defs -Wl,--as-needed)
add_library(libzogap_static STATIC ${objects} ${more_objects})
set_target_properties(libzogap_static PROPERTIES OUTPUT_NAME zogap EXPORT_NAME zogap_static LINKER_LANGUAGE C)

# What a program that links the archive needs besides: -lNAME, and -L where no linker looks by itself.
set(ZOGAP_PRIVATE_LIBS "")
foreach(target dep_jansson dep_xxhash dep_openblas dep_onednn dep_papi)
  if(TARGET ${target})
    get_filename_component(folder "${${target}_LIBRARY}" DIRECTORY)
    get_filename_component(name "${${target}_LIBRARY}" NAME_WE)
    string(REGEX REPLACE "^lib" "" name "${name}")
    if(NOT folder IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
      list(APPEND ZOGAP_PRIVATE_LIBS "-L${folder}")
    endif()
    list(APPEND ZOGAP_PRIVATE_LIBS "-l${name}")
  endif()
endforeach()
foreach(name IN LISTS OpenMP_C_LIB_NAMES)
  if(name STREQUAL "gomp" OR name STREQUAL "omp")
    list(APPEND ZOGAP_PRIVATE_LIBS -l${name})
  endif()
endforeach()
list(APPEND ZOGAP_PRIVATE_LIBS -pthread -lm)
target_link_libraries(libzogap_static INTERFACE ${ZOGAP_PRIVATE_LIBS})
foreach(target libzogap libzogap_static)
  target_include_directories(${target} INTERFACE "$<BUILD_INTERFACE:${CMAKE_BINARY_DIR}/include>")
endforeach()
