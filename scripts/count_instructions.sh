#!/usr/bin/env bash
# count_instructions.sh - counts the instructions of a step with valgrind's callgrind, for machines without a PMU.
#   scripts/count_instructions.sh OUT [OPTION of `zogap run`...]
#
# Writes the result directory OUT as `zogap run` does, with a column `instructions` in samples.csv (of the whole span, one
# thread, AVX2 kernels) and no times: valgrind's are its own.  Two such directories, of two builds, are for `zogap gate`.
# Without options: opt-mini, batch 1, naive and fused, six blocks of one step, which takes about a minute.  Options go to
# `zogap run` after these.  ZOGAP=PROGRAM is the zogap to count, by default build/zogap.
# Exit codes are those of zogap; 4 where valgrind, its header, jemalloc or AVX2 is missing.
set -euo pipefail

fail() {
  echo "count_instructions.sh: $2" >&2
  exit "$1"
}

[ $# -ge 1 ] && [ "${1#-}" = "$1" ] || fail 2 "usage: scripts/count_instructions.sh OUT [OPTION of zogap run...]"
out=$1
shift
zogap=${ZOGAP:-$(dirname "${BASH_SOURCE[0]}")/../build/zogap}
[ -x "$zogap" ] || fail 2 "$zogap: no such program; build it (scripts/quickstart.sh), or set ZOGAP to it"
command -v valgrind >/dev/null || fail 4 "valgrind is missing: install Debian's package valgrind"
info=$("$zogap" info)
grep -Eq '^ *valgrind +version' <<<"$info" ||
  fail 4 "$zogap was built without valgrind/callgrind.h: install Debian's package valgrind, configure and build again"
jemalloc=$(/sbin/ldconfig -p | awk '$1 == "libjemalloc.so.2" && !path { path = $NF } END { print path }')
[ -n "$jemalloc" ] || fail 4 "jemalloc is missing: install Debian's package libjemalloc2"
grep -qw avx2 /proc/cpuinfo || fail 4 "this processor lacks AVX2, and other kernels have other counts"

dumps=$(mktemp -d)
trap 'rm -rf "$dumps"' EXIT

# valgrind 3.19 knows no AVX-512, hides it, and OpenBLAS takes such a processor for one of before AVX2.
export ZOGAP_ISA=avx2 OPENBLAS_CORETYPE=Haswell ONEDNN_MAX_CPU_ISA=AVX2
export HWLOC_HIDE_ERRORS=2 OMP_NUM_THREADS=1
# libgomp allocates at every parallel region, and what that costs in glibc depends on the heap's history, lengths of pids and
# paths included: 2 % of a small step.  jemalloc takes from a list and puts back; without decay nothing hangs on time.
export MALLOC_CONF=background_thread:false,dirty_decay_ms:-1,muzzy_decay_ms:-1,narenas:1
export ZOGAP_CALLGRIND_OUT=$dumps/callgrind
# Only spans are instrumented; zogap may restart itself to place its thread.
LD_PRELOAD=$jemalloc valgrind --quiet --tool=callgrind --instr-atstart=no --trace-children=yes --callgrind-out-file="$dumps/callgrind" \
  --log-file="$dumps/log" "$zogap" run --engines naive,fused --model opt-mini --batch 1 --steps 1 --blocks 6 "$@" \
  --threads 1 --events instructions --fidelity 0 --format csv --out "$out" \
  --quiet >/dev/null ||
  fail $? "valgrind $zogap run failed"

# The event is the last column.  Every block takes the same steps, so that a spread is the method's, not the work's.
awk -F, -v out="$out" '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  {
    id = $1
    for (i = 2; i < at["block"]; i++) id = id "," $i
    count = $NF / $at["steps"]
    if (!(id in n)) { ids[++cases] = id; names[id] = $1; low[id] = high[id] = count }
    n[id]++
    if (count < low[id]) low[id] = count
    if (count > high[id]) high[id] = count
  }
  END {
    for (i = 1; i <= cases; i++) {
      id = ids[i]
      printf "%-12s %.0f instructions a step, %d samples, %.4f %% from least to most\n", names[id], low[id], n[id],
             100 * (high[id] / low[id] - 1)
    }
    print "results in " out
  }' "$out/samples.csv"
