#!/usr/bin/env bash
# test_check_layers.sh SOURCE PYTHON3 CC - does scripts/check-layers find what is wrong?  Into copies of a small house each
# kind of fault is planted, one at a time: each must be found, named and fail.  The house without one must pass.
set -u
source=$1 python=$2 cc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# put FILE LINE...: writes the lines into the file of the copy, after what it has.
put() {
  local file=$work/house/$1
  shift
  mkdir -p "$(dirname "$file")"
  printf '%s\n' "$@" >>"$file"
}
house() {
  rm -rf "$work/house" "$work/build"
  put workloads/CMakeLists.txt 'add_library(zogap_workloads STATIC task.c)' 'target_link_libraries(zogap_workloads PUBLIC zogap_base)'
  put workloads/task.c '#include "engines/base/size.h"'
  put engines/zo.h '#include "engines/error.h"'
  put engines/error.h ''
  put engines/model.h ''
  put engines/base/CMakeLists.txt 'add_library(zogap_base STATIC size.c)'
  put engines/base/size.h '#include "engines/error.h"'
  put engines/interface/CMakeLists.txt 'add_library(zogap_interface STATIC names.c)' \
    'target_link_libraries(zogap_interface PUBLIC zogap_base)'
  put engines/interface/names.c '#include "engines/zo.h"'
  put engines/runtime/CMakeLists.txt 'add_library(zogap_runtime STATIC runtime.c)' \
    'target_link_libraries(zogap_runtime PUBLIC zogap_interface)'
  put engines/runtime/runtime.h '#include "engines/zo.h"'
  put harness/CMakeLists.txt ''
  put harness/base/CMakeLists.txt 'zogap_room(base' '  SOURCES clock.c child.c' '  LIBS zogap_base)'
  put harness/base/clock.h '#include "engines/base/size.h"'
  put harness/base/clock.c '#include "harness/base/clock.h"' 'int zg_clock(void); int zg_clock(void) { return 0; }'
  put harness/base/child.h '#include "harness/base/clock.h"'
  put harness/base/child.c '#include "harness/base/child.h"' 'int zg_clock(void); int zg_child(void);' \
    'int zg_child(void) { return zg_clock(); }'
  put harness/rows/CMakeLists.txt 'zogap_room(rows' '  SOURCES table.c' '  ROOMS base' '  LIBS zogap_runtime)'
  put harness/rows/table.h '#include "engines/zo.h"' '#include "harness/base/clock.h"'
  put harness/rows/table_print.c '#include "harness/rows/table_cells.h"'
  put harness/rows/table_cells.h '#include "harness/rows/table.h"' # of one module: no circle
  put harness/rows/table.c '#include "harness/rows/table_cells.h"'
  put harness/main.c '#include "harness/rows/table.h"'
  put tests/harness/rows/CMakeLists.txt '# links the room'
  put tests/harness/rows/test_table.c '#include "harness/rows/table.h"' '#include "harness/base/clock.h"'
}
# objects: what the linker sees of base.
objects() {
  local file
  mkdir -p "$work/build/harness/base/CMakeFiles/x.dir"
  for file in clock child; do
    "$cc" -I "$work/house" -c "$work/house/harness/base/$file.c" -o "$work/build/harness/base/CMakeFiles/x.dir/$file.c.o" || exit 1
  done
}
# expect CODE TEXT WHAT [OPTION...]
expect() {
  local want=$1 text=$2 what=$3 code=0
  shift 3
  "$python" "$source/scripts/check-layers" --root "$work/house" "$@" >"$work/said" 2>&1 || code=$?
  if [ "$code" != "$want" ] || ! grep -qF -- "$text" "$work/said"; then
    failures=$((failures + 1))
    printf 'FAILED: %s: exit %s, not %s, or nobody said: %s\n' "$what" "$code" "$want" "$text"
    cat "$work/said"
  fi
}

house && objects
expect 0 "circles 0, arrows up 0" "nothing is wrong" --build "$work/build"

house && put harness/base/clock.c '#include "harness/rows/table.h"'
expect 1 'harness/base/clock.c:3: #include "harness/rows/table.h": harness/base/CMakeLists.txt does not name harness/rows' "an arrow up"
house && put engines/base/size.h '#include "engines/runtime/runtime.h"'
expect 1 'engines/base/size.h:2: #include "engines/runtime/runtime.h"' "an arrow up in engines/"
house && put engines/base/size.h '#include "engines/zo.h"'
expect 1 'engines/base/size.h:2: #include "engines/zo.h": engines/base does not stand on engines/interface' "a public header from below"
house && put workloads/task.c '#include "harness/base/clock.h"'
expect 1 'workloads/task.c:2' "a workload that knows the harness"
house && put workloads/task.c '#include "engines/model.h"'
expect 1 'a workload knows no model' "a workload that knows the model"
house && put engines/runtime/runtime.h '#include "workloads/task.h"'
expect 1 'engines/runtime/runtime.h:2' "an engine that knows workloads"
house && put harness/rows/table.h '#include "engines/runtime/runtime.h"'
expect 1 'of engines/ only' "an engine's inside, from the harness"
house && put harness/rows/table.h '#include "clock.h"'
expect 1 'harness/rows/table.h:3: #include "clock.h": own headers are included from the root' "a bare name"
house && put tests/harness/rows/test_table.c '#include "workloads/task.h"'
expect 1 'tests/harness/rows/test_table.c:3' "a test that knows what its room does not"

house && put harness/base/clock.h '#include "harness/base/child.h"'
expect 1 'a circle of modules: harness/base/child, harness/base/clock' "a circle of headers"
house && put harness/base/clock.c '#include "harness/base/child.h"'
expect 1 'harness/base/clock.c:3 -> harness/base/child' "a circle by way of a source"
house && put harness/base/clock.c 'int zg_child(void); int zg_more(void); int zg_more(void) { return zg_child(); }' && objects
expect 1 'a circle of modules by symbols: harness/base/child, harness/base/clock' "a circle of calls" --build "$work/build"
house && put harness/base/clock.c '#include "harness/rows/table.h"' &&
  sed -i 's/LIBS/ROOMS rows LIBS/' "$work/house/harness/base/CMakeLists.txt"
expect 1 'a circle of rooms: harness/base, harness/rows' "rooms that stand on each other"

house && put harness/attic/box.c '#include "harness/base/clock.h"'
expect 1 'harness/attic: no room' "a folder that is no room"
house && put engines/attic/box.c ''
expect 1 'engines/attic: no room' "a folder of engines/ that is no room"
house && put tests/harness/attic/CMakeLists.txt '' && put tests/harness/attic/test_box.c ''
expect 1 'tests/harness/attic: mirrors no folder' "tests of no room"
house && sed -i 's/harness.base.clock.h/engines\/error.h/' "$work/house/harness/rows/table.h"
expect 1 'no include of harness/rows needs base' "an arrow for nothing"

# And in a copy of the real one, whose CMake files are longer.
rm -rf "$work/house" && mkdir "$work/house"
cp -r "$source"/{workloads,engines,harness,tests} "$work/house" || exit 1
expect 0 "circles 0, arrows up 0" "the real house"
put harness/stats/stats.c '#include "harness/rows/schema.h"'
put engines/base/arena.c '#include "engines/zo.h"'
put harness/base/clock.h '#include "harness/base/child.h"'
put harness/attic/box.c ''
expect 1 'harness/stats/CMakeLists.txt does not name harness/rows' "an arrow up in the real house"
expect 1 'engines/base does not stand on engines/interface' "a public header from below in the real house"
expect 1 'a circle of modules: harness/base/child, harness/base/clock' "a circle in the real house"
expect 1 'harness/attic: no room' "a new folder in the real house"

[ "$failures" = 0 ] && echo "all found"
exit "$failures"
