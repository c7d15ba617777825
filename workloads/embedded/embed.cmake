# cmake -DOUT=embedded.c -DDIR=<this folder> -P embed.cmake: the files of the embedded task as C
# arrays.  Plain CMake, so that the build needs no assembler directive, no linker trick and no tool.
set(text "/* Made by workloads/embedded/embed.cmake; do not edit. */\n")
string(APPEND text "#include \"workloads/embedded/embedded.h\"\n")
foreach(item train=train.tsv dev=dev.tsv vocab=vocab.json merges=merges.txt)
  string(REGEX MATCH "^([a-z]+)=(.*)$" _ "${item}")
  set(name "${CMAKE_MATCH_1}")
  set(file "${CMAKE_MATCH_2}")
  file(READ "${DIR}/${file}" hex HEX)
  string(LENGTH "${hex}" n_digits)
  math(EXPR n_bytes "${n_digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "static const unsigned char ${name}[] = {${bytes}};\n"
         "const struct zg_embedded_file zg_embedded_${name} = {\"embedded/${file}\",\n"
         "    (const char *)${name}, ${n_bytes}};\n")
endforeach()
file(WRITE "${OUT}" "${text}")
