# cmake -DOUT=tasks.c -DDIR=<this folder> -DTASKS=a,b,c -P embed.cmake: the task files as C strings,
# in that order.
set(text "/* Made by workloads/tasks/embed.cmake; do not edit. */\n")
string(APPEND text "#include \"workloads/embedded/embedded.h\"\n"
       "const struct zg_embedded_file zg_embedded_tasks[] = {\n")
string(REPLACE "," ";" tasks "${TASKS}")
list(LENGTH tasks n)
foreach(task IN LISTS tasks)
  file(READ "${DIR}/${task}.json" hex HEX)
  string(LENGTH "${hex}" n_digits)
  math(EXPR n_bytes "${n_digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
  string(APPEND text "    {\"${task}\", \"${bytes}\", ${n_bytes}},\n")
endforeach()
string(APPEND text "};\nconst int64_t zg_n_embedded_tasks = ${n};\n")
file(WRITE "${OUT}" "${text}")
