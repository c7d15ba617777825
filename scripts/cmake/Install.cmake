# cmake --install: the binary, its manual pages and completions, and with ZOGAP_LIBRARY libzogap with its headers, pkg-config and CMake packages.
# `cmake --build build --target uninstall` takes away what the last one put.
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/zogap")
set(pc_folder "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

set(completions bash-completion/completions zsh/site-functions fish/vendor_completions.d)

list(TRANSFORM completions PREPEND "${CMAKE_INSTALL_DATADIR}/" OUTPUT_VARIABLE completion_folders)
set(shipped "${CMAKE_INSTALL_DATADIR}/zogap/opt-tiny") # where engines/model/shipped.c looks
set(folders "${CMAKE_INSTALL_BINDIR}" "${shipped}" "${CMAKE_INSTALL_DOCDIR}/examples" "${CMAKE_INSTALL_INCLUDEDIR}/zogap"
  "${package_folder}" "${pc_folder}" "${CMAKE_INSTALL_MANDIR}/man1" ${completion_folders})
install(CODE "set(BUILD \"${CMAKE_BINARY_DIR}\")\nset(FOLDERS \"${folders}\")\ninclude(\"${CMAKE_SOURCE_DIR}/scripts/cmake/NoteFolders.cmake\")")

install(TARGETS zogap RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES CHANGELOG.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${CMAKE_BINARY_DIR}/share/zogap/opt-tiny/" DESTINATION "${shipped}")
# Made by harness/pages; a build for another machine has none.
install(DIRECTORY "${CMAKE_BINARY_DIR}/share/man/man1/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" OPTIONAL)
foreach(folder IN LISTS completions)
  install(DIRECTORY "${CMAKE_BINARY_DIR}/share/${folder}/" DESTINATION "${CMAKE_INSTALL_DATADIR}/${folder}" OPTIONAL)
endforeach()
if(ZOGAP_LIBRARY)
  install(TARGETS libzogap libzogap_static EXPORT zogap-targets
          LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
          INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(FILES ${public_made} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/zogap")
  install(DIRECTORY tests/install/consumer/ DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples")

  install(EXPORT zogap-targets NAMESPACE zogap:: DESTINATION "${package_folder}")
  configure_package_config_file(scripts/cmake/zogap-config.cmake.in "${CMAKE_BINARY_DIR}/zogap-config.cmake"
                                INSTALL_DESTINATION "${package_folder}" NO_SET_AND_CHECK_MACRO)
  # Before 1.0 a minor version may change the interface.
  write_basic_package_version_file("${CMAKE_BINARY_DIR}/zogap-config-version.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${CMAKE_BINARY_DIR}/zogap-config.cmake" "${CMAKE_BINARY_DIR}/zogap-config-version.cmake"
          DESTINATION "${package_folder}")

  # Relative to where the file lies, so that an installed tree may be moved; absolute where the folders are.
  file(RELATIVE_PATH up "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
  string(REGEX REPLACE "/$" "" up "${up}")
  set(pc_prefix "\${pcfiledir}/${up}")
  foreach(name LIBDIR INCLUDEDIR)
    set(pc_${name} "\${prefix}/${CMAKE_INSTALL_${name}}")
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${name}}")
      set(pc_${name} "${CMAKE_INSTALL_${name}}")
      set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
    endif()
  endforeach()
  list(JOIN ZOGAP_PRIVATE_LIBS " " pc_private)
  configure_file(scripts/cmake/zogap.pc.in "${CMAKE_BINARY_DIR}/zogap.pc" @ONLY)
  install(FILES "${CMAKE_BINARY_DIR}/zogap.pc" DESTINATION "${pc_folder}")
endif()

add_custom_target(uninstall COMMAND "${CMAKE_COMMAND}" -D "BUILD=${CMAKE_BINARY_DIR}" -P
                  "${CMAKE_SOURCE_DIR}/scripts/cmake/Uninstall.cmake" VERBATIM
                  COMMENT "Taking away what was installed")
