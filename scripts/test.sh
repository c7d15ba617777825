#!/usr/bin/env bash
# test.sh - installs what is missing and runs the whole suite: release, sanitizers, no optional library, fuzz targets.
# Tests labelled `repeat` (variants of what others cover) run in the release build only; the command line, 160 programs
# long, without sanitizers: `ctest --test-dir build-dev -R test_harness_cli` runs it with them.
#   scripts/test.sh            everything
#   scripts/test.sh --quick    the release build's tests only, required packages only
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/packages.sh

presets=(release dev minimal)
case "${1-}" in
"") ;;
--quick) presets=(release) ;;
*)
  echo "usage: scripts/test.sh [--quick]" >&2
  exit 2
  ;;
esac

need_packages "${zogap_build_packages[@]}"
if [ "${1-}" != --quick ]; then
  want_packages "${zogap_test_packages[@]}"
  # libFuzzer comes with clang's runtime; without it the targets are not built.
  if echo 'int LLVMFuzzerTestOneInput(void){return 0;}' |
    clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null 2>/dev/null; then
    presets+=(fuzz)
  else
    echo "zogap: clang cannot link libFuzzer here: fuzz targets skipped" >&2
  fi
fi

for preset in "${presets[@]}"; do
  echo "== $preset"
  cmake --preset "$preset" >/dev/null
  target=all
  [ "$preset" = fuzz ] && target=fuzz_targets
  cmake --build --preset "$preset" --target "$target" -j "$(nproc)" -- --no-print-directory -s
  # Tests that pin threads or time things are marked RUN_SERIAL.
  ctest --preset "$preset" --no-tests=error -j "$(nproc)"
done
