#!/usr/bin/env bash
# quickstart.sh - from a fresh clone to the gap table: installs what is missing, builds, runs the main job.
# Arguments are passed on to `zogap run`, e.g. scripts/quickstart.sh --batch 64.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
. scripts/packages.sh
log=build/quickstart.log

# Of what the compiler says a line for each fifth of the way; all of it is in the log.
show_progress() {
  awk -v log_file="$log" '
    BEGIN { print "zogap: building (all of it: " log_file ")"; next_one = 20 }
    match($0, /^\[ *[0-9]+%\]/) {
      percent = substr($0, 2, RLENGTH - 3) + 0
      if (percent >= next_one) { printf "zogap: %d %% built\n", percent; next_one = percent - percent % 20 + 20 }
      fflush()
    }' >&2
}

need_packages "${zogap_build_packages[@]}"
mkdir -p build
if ! cmake --preset release >"$log" 2>&1 ||
  ! cmake --build build -j "$(nproc)" --target zogap -- --no-print-directory 2>&1 | tee -a "$log" | show_progress; then
  grep -iE -A3 'error' "$log" | head -40 >&2 || true
  echo "zogap: it does not build; all that was said is in $root/$log" >&2
  exit 1
fi

cd "$called_from"
zogap=$root/build/zogap
status=0
"$zogap" run "$@" || status=$?
[ $status = 0 ] && cat >&2 <<NEXT

What next?
  $zogap ladder                           where the gap comes from, one mechanism at a time
  $zogap run --dtype bf16 --batch 16,64   other precisions, other sizes: a list is a sweep
  $zogap compare DIR...                   the table of a result directory, or several side by side
  $zogap run --help                       all options
NEXT
exit $status
