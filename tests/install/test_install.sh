#!/usr/bin/env bash
# test_install.sh BUILD SOURCE CMAKE CC PKG_CONFIG CXX - installs a build into an empty root: is all there, does it work
# without the sources and from where the tree is moved to, do other programs build on it by pkg-config and by
# find_package, and does uninstall leave nothing?  PKG_CONFIG and CXX may be missing (*-NOTFOUND).
set -u
build=$1 source=$2 cmake=$3 cc=$4 pkg_config=$5 cxx=$6
work=$(mktemp -d)
failures=0
# The build's own notes of what it installed belong to whoever installed it.
mkdir "$work/notes"
mv "$build"/install_manifest*.txt "$build"/install_folders.txt "$work/notes" 2>/dev/null
finish() {
  rm -f "$build"/install_manifest*.txt "$build"/install_folders.txt
  mv "$work"/notes/* "$build" 2>/dev/null
  rm -rf "$work"
}
trap finish EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  failures=$((failures + 1))
}
# run WHAT COMMAND...: it must succeed; what it said is in $work/said.
run() {
  local what=$1
  shift
  if ! "$@" >"$work/said" 2>&1; then
    fail "$what"
    tail -20 "$work/said" >&2
    return 1
  fi
}
# says WHAT PATTERN
says() {
  grep -qE -- "$2" "$work/said" || {
    fail "$1: nobody said $2"
    tail -5 "$work/said" >&2
  }
}
# clean COMMAND...: as a user of the installation alone.
clean() {
  (cd / && env -i PATH="$PATH" HOME="$work" OMP_WAIT_POLICY=passive "$@")
}


# ---- install and uninstall ----
install_to() {
  run "install" "$cmake" --install "$build" --prefix "$1" || exit 1
}
uninstall() {
  run "uninstall" "$cmake" --build "$build" --target uninstall
}
install_to "$work/root/usr"
[ -x "$work/root/usr/bin/zogap" ] || fail "no bin/zogap"
install_to "$work/root/usr" # again: what the first one made is still known
uninstall
[ -e "$work/root" ] && fail "uninstall left $(find "$work/root")"
"$cmake" --build "$build" --target uninstall >"$work/said" 2>&1 && fail "uninstall of nothing succeeds"
says "uninstall of nothing" "nothing to uninstall"

mkdir -p "$work/root/usr/bin" "$work/root/usr/share" # somebody else's
touch "$work/root/usr/bin/other"
install_to "$work/root/usr"
uninstall
left=$(cd "$work/root" && find . | sort | tr '\n' ' ')
[ "$left" = ". ./usr ./usr/bin ./usr/bin/other ./usr/share " ] || fail "beside others' files uninstall left $left"

export DESTDIR=$work/stage
run "install to DESTDIR" "$cmake" --install "$build"
[ -n "$(find "$work/stage" -name zogap.pc)" ] || fail "nothing in DESTDIR"
uninstall
[ -e "$work/stage" ] && fail "uninstall left in DESTDIR: $(find "$work/stage")"
unset DESTDIR

# ---- the binary, without the sources, from where the tree was moved to ----
install_to "$work/made"
mv "$work/made" "$work/moved"
prefix=$work/moved
zogap=$prefix/bin/zogap
lib=$(dirname "$(find "$prefix" -name libzogap.so)")
run "zogap --version" clean "$zogap" --version
version=$(awk '{print $2; exit}' "$work/said")
run "zogap info" clean "$zogap" info
run "zogap run" clean "$zogap" run --model opt-mini --engines naive,fused --blocks 1 --steps 1 --brief --out "$work/results"
[ -s "$work/results/summary.csv" ] || fail "zogap run: no summary.csv"
run "zogap score" clean "$zogap" score --model opt-mini --limit 2
says "zogap score" "^example,probe"

run "zogap score --model opt-tiny" clean "$zogap" score --model opt-tiny --limit 2
says "zogap score --model opt-tiny" "^example,probe"
mv "$prefix/share/zogap" "$prefix/share/elsewhere"
clean "$zogap" score --model opt-tiny --limit 2 >"$work/said" 2>&1
status=$?
[ "$status" = 4 ] || fail "opt-tiny that is not there: exit code $status, must be 4"
says "opt-tiny that is not there" "opt-tiny comes with zogap, but no folder above .*bin/zogap has share/zogap/opt-tiny"
run "zogap info without opt-tiny" clean "$zogap" info
says "zogap info without opt-tiny" "opt-tiny +missing: "
mv "$prefix/share/elsewhere" "$prefix/share/zogap"

for file in zogap/opt-tiny/model.safetensors man/man1/zogap.1 man/man1/zogap-gate.1 bash-completion/completions/zogap zsh/site-functions/_zogap \
  fish/vendor_completions.d/zogap.fish; do
  cmp -s "$prefix/share/$file" "$build/share/$file" || fail "share/$file is not there"
done
if command -v man >/dev/null && man --version 2>/dev/null | grep -q '^man 2'; then # man-db
  run "man zogap-run" man -M "$prefix/share/man" zogap-run
  says "man zogap-run" "--blocks"
fi

for file in "$zogap" "$lib/libzogap.so"; do
  readelf -d "$file" >"$work/said"
  grep -E 'RPATH|RUNPATH' "$work/said" && fail "$file has a search path"
  grep -aqF -e "$source" -e "$build" "$file" && fail "$file names the folder it was built in"
done
says "the library's name" 'SONAME.*\[libzogap\.so\.[0-9]+\]'

# ---- headers: each alone, in C and C++; declared and exported are the same ----
for header in "$prefix"/include/zogap/*.h; do
  name=$(basename "$header")
  printf '#include <zogap/%s>\nextern int alone;\n' "$name" >"$work/alone.c"
  run "$name alone in C" "$cc" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I "$prefix/include" "$work/alone.c"
  if [ -x "$cxx" ]; then
    cp "$work/alone.c" "$work/alone.cc"
    run "$name alone in C++" "$cxx" -std=c++17 -Wall -Wextra -Werror -fsyntax-only -I "$prefix/include" "$work/alone.cc"
  fi
  "$cc" -E -P -I "$prefix/include" "$work/alone.c"
done >"$work/declarations"
grep -oE 'zg_[a-z0-9_]+\(' "$work/declarations" | tr -d '(' | sort -u >"$work/named"
grep -oE 'static inline [a-z0-9_ ]*zg_[a-z0-9_]+\(' "$work/declarations" | grep -oE 'zg_[a-z0-9_]+\(' | tr -d '(' |
  sort -u >"$work/inline"
comm -23 "$work/named" "$work/inline" >"$work/declared"
nm -D --defined-only "$lib/libzogap.so" | awk '{print $3}' | sort -u >"$work/exported"
diff "$work/declared" "$work/exported" >"$work/said" || {
  fail "declared (<) and exported (>) differ"
  cat "$work/said"
}

# ---- other programs ----
export LD_LIBRARY_PATH=$lib
programs() { # programs FOLDER [SUFFIX]: builds of the two examples
  run "$1/step" "$1/step${2-}" fused
  says "$1/step" '^fused step 2: L[+] [0-9.]+, L- [0-9.]+$'
  run "$1/timing" "$1/timing${2-}"
  says "$1/timing" '^rows over columns: [0-9.]+x'
  grep -q ' 0\.0 us' "$work/said" && fail "$1/timing times nothing"
}
examples=$(find "$prefix" -type d -name examples)
cp -r "$examples" "$work/by-cmake"
run "find_package" "$cmake" -S "$work/by-cmake" -B "$work/by-cmake/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" &&
  run "build by find_package" "$cmake" --build "$work/by-cmake/build" &&
  { programs "$work/by-cmake/build"; programs "$work/by-cmake/build" _static; }
if [ -x "$pkg_config" ]; then
  export PKG_CONFIG_PATH=$lib/pkgconfig
  read -ra flags <<<"$("$pkg_config" --cflags --libs zogap)"
  read -ra static <<<"$("$pkg_config" --libs --static zogap | sed 's/-lzogap//')"
  run "pkg-config --modversion" "$pkg_config" --modversion zogap
  says "pkg-config --modversion" "^${version//./\\.}$"
  mkdir "$work/by-pc"
  for program in step timing; do
    run "$program by pkg-config" "$cc" "$examples/$program.c" -o "$work/by-pc/$program" "${flags[@]}"
    run "$program by pkg-config, static" "$cc" "$examples/$program.c" -o "$work/by-pc/${program}_static" \
      -I "$prefix/include" "$lib/libzogap.a" "${static[@]}"
  done
  programs "$work/by-pc"
  programs "$work/by-pc" _static
  readelf -d "$work/by-pc/step_static" | grep -q libzogap && fail "a static program needs libzogap.so"
  cp -r "$examples" "$work/by-make"
  command -v pkg-config >/dev/null && run "the examples' Makefile" make -C "$work/by-make" CC="$cc" && programs "$work/by-make"
  # The program in zo.h's comment.
  run "zo.h's example" "$cmake" -DHEADER="$prefix/include/zogap/zo.h" -DOUT="$work/zo.c" -P "$source/scripts/cmake/ExtractExample.cmake"
  run "zo.h's example" "$cc" "$work/zo.c" -o "$work/zo" "${flags[@]}" && run "zo.h's example" "$work/zo" &&
    says "zo.h's example" '^step 2: L[+] '
fi

echo "install: $failures failures"
[ "$failures" -eq 0 ]
