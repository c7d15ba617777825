#!/usr/bin/env bash
# test_debian.sh SOURCE - does dpkg-buildpackage make packages of the tree that lintian passes without an error, with what
# belongs in each, and does the binary run from what they unpack to?  A minute or two; skipped without debhelper or lintian.
set -u
source=$1
for tool in dpkg-buildpackage dh lintian git; do
  command -v "$tool" >/dev/null || { echo "needs $tool (debhelper, lintian)"; exit 77; }
done
(cd "$source" && dpkg-checkbuilddeps) || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
  printf 'FAILED: %s\n' "$*"
  failures=$((failures + 1))
}
holds() { # holds FILE OF_WHAT TEXT: a line that ends so
  grep -qE "$3\$" "$1" || fail "$2 has no $3"
}

mkdir "$work/zogap"
(cd "$source" && git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$work/zogap" 2>/dev/null)
cd "$work/zogap" || exit 1
dpkg-buildpackage -us -uc -b "-j$(nproc)" >"$work/log" 2>&1 || {
  tail -30 "$work/log"
  exit 1
}
lintian --allow-root --fail-on error ../*.changes || fail "lintian"

for package in zogap libzogap0 libzogap-dev; do
  dpkg -x ../"${package}"_*.deb "$work/root" || exit 1
  dpkg -c ../"${package}"_*.deb >"$work/list.$package"
done
holds "$work/list.zogap" zogap /usr/bin/zogap
for file in zogap/opt-tiny/model.safetensors man1/zogap.1.gz man1/zogap-run.1.gz completions/zogap vendor-completions/_zogap vendor_completions.d/zogap.fish; do
  holds "$work/list.zogap" zogap "/$file"
done
holds "$work/list.libzogap0" libzogap0 'libzogap\.so\.0\.[0-9.]+'
for file in include/zogap/zo.h 'libzogap\.so -> .*' 'libzogap\.a' pkgconfig/zogap.pc cmake/zogap/zogap-config.cmake examples/step.c; do
  holds "$work/list.libzogap-dev" libzogap-dev "$file"
done
version=$(dpkg-parsechangelog -S Version)
(cd / && "$work/root/usr/bin/zogap" --version) | grep -q "^zogap $version " || fail "the packaged zogap is not version $version"
(cd / && "$work/root/usr/bin/zogap" score --model opt-mini --limit 2) | grep -q '^0,' || fail "the packaged zogap does not score"

echo "debian: $failures failures"
[ "$failures" -eq 0 ]
