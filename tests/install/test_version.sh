#!/usr/bin/env bash
# test_version.sh SOURCE BUILD VERSION [LIBRARY] - the version is project()'s of CMakeLists.txt, and whatever else names one
# says the same: the binary, its manual page, CHANGELOG.md, the Debian changelog, zogap.pc and the library's file.
set -u
source=$1 build=$2 version=$3 library=${4-}
failures=0
same() { # same WHAT TEXT
  [ "$2" = "$version" ] || {
    printf 'FAILED: %s says "%s", CMakeLists.txt %s\n' "$1" "$2" "$version"
    failures=$((failures + 1))
  }
}
same "CMakeLists.txt" "$(sed -n 's/^project(zogap VERSION \([0-9.]*\) .*/\1/p' "$source/CMakeLists.txt")"
same "zogap --version" "$("$build/zogap" --version | awk '{print $2; exit}')"
same "CHANGELOG.md" "$(sed -n 's/^## \([0-9.]*\) - 20[0-9-]*$/\1/p' "$source/CHANGELOG.md" | head -1)"
same "debian/changelog" "$(sed -n '1s/^zogap (\([0-9.]*\)) .*/\1/p' "$source/debian/changelog")"
page=$build/share/man/man1/zogap.1 # of a build for another machine there is none
[ -e "$page" ] && same "its manual page" "$(sed -n 's/^\.TH .*"zogap \([0-9.]*\)".*/\1/p' "$page")"
if [ -n "$library" ]; then
  same "zogap.pc" "$(sed -n 's/^Version: //p' "$build/zogap.pc")"
  same "the library's file" "$(basename "$(readlink -f "$library")" | sed 's/^libzogap\.so\.//')"
  soname=$(readelf -d "$library" | sed -n 's/.*SONAME.*\[libzogap\.so\.\([0-9]*\)\]/\1/p')
  grep -qx "Package: libzogap$soname" "$source/debian/control" && [ -e "$source/debian/libzogap$soname.install" ] || {
    echo "FAILED: the library is libzogap.so.$soname, but debian/ has no libzogap$soname"
    failures=$((failures + 1))
  }
fi
echo "version $version: $failures failures"
[ "$failures" -eq 0 ]
