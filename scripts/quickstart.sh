#!/usr/bin/env bash
# quickstart.sh - from a fresh clone to the gap table: installs what is missing, builds, runs the main job.
# Arguments are passed on to `zogap run`, e.g. scripts/quickstart.sh --batch 64.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
. scripts/packages.sh

need_packages "${zogap_build_packages[@]}"
cmake --preset release >/dev/null
cmake --build build -j "$(nproc)" --target zogap -- --no-print-directory -s
cd "$called_from"
exec "$root/build/zogap" run "$@"
