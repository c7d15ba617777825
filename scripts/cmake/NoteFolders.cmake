# Run as an installation begins: notes which folders are not there yet, for Uninstall.cmake to take away.  Needs BUILD, and
# FOLDERS, those that are installed into, below CMAKE_INSTALL_PREFIX or absolute.
set(noted "${BUILD}/install_folders.txt")
foreach(folder IN LISTS FOLDERS)
  if(NOT IS_ABSOLUTE "${folder}")
    set(folder "${CMAKE_INSTALL_PREFIX}/${folder}")
  endif()
  set(path "$ENV{DESTDIR}${folder}")
  while(NOT EXISTS "${path}")
    file(APPEND "${noted}" "${path}\n")
    get_filename_component(path "${path}" DIRECTORY)
  endwhile()
endforeach()
