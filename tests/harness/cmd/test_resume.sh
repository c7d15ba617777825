#!/usr/bin/env bash
# test_resume.sh ZOGAP MAKE_TINY_MODEL - what --resume refuses, with the name and both values of what differs; what it takes
# for the same; what a run says that was interrupted, or gone on with.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
export ZOGAP_PEAKS=brief

# refuses CODE PATTERN WORD...: --resume with these words more; nothing is written.
refuses() {
  local code=$1 pattern=$2 before
  shift 2
  before=$(cat w/* | cksum)
  run "$code" "${sweep[@]}" --resume "$@"
  one_line "--resume $*"
  says err.txt "$pattern"
  [ "$(cat w/* | cksum)" = "$before" ] || fail "a refused --resume wrote: $*"
}

# start_and_stop SIGNAL LINES FILE WORD...: begins a run and ends it once the file has more lines.
start_and_stop() {
  local signal=$1 lines=$2 file=$3 pid
  shift 3
  "$zogap" "$@" >out.txt 2>err.txt </dev/null &
  pid=$!
  await_lines "$lines" "$file" $pid
  kill -"$signal" $pid 2>/dev/null
  wait $pid 2>/dev/null
}

make_tiny "$2"
make_reviews
two="naive:gemm=reference,naive:gemm=reference"
sweep=(run --engines "$two" --model ./tiny --task task/mine.json --batch 2,4 --threads 1 --steps 1 --blocks 400
  --max-time 0 --events none --fidelity 0 --out w)

echo "== interrupted"
start_and_stop INT 1000 w/samples.csv "${sweep[@]}"
[ "$(grep -c ^zogap: err.txt)" = 1 ] || fail "an interruption is not one line of error: $(cat err.txt)"
says out.txt "^to go on: .*zogap run --engines .* --out w --resume\$"
grep -q '"status": "interrupted"' w/meta.json || echo "note: the sweep was not interrupted"

echo "== other kernels, settings, builds"
cap=portable
"$zogap" info | grep -q 'isa *portable' && cap=avx2
ZOGAP_ISA=$cap refuses 3 'isa in use [a-z0-9]* and portable'
if "$zogap" info --format json | tr -d ' \n' | grep -q '"onednn":{"version'; then
  for variable in ONEDNN_MAX_CPU_ISA DNNL_MAX_CPU_ISA; do
    env $variable=SSE41 true
    export $variable=SSE41 && refuses 3 "oneDNN's isa [a-z0-9_]* and sse41, $variable none and SSE41"
    unset $variable
  done
fi
if "$zogap" info --format json | tr -d ' \n' | grep -q '"openblas":{"version'; then
  OPENBLAS_CORETYPE=Prescott refuses 3 "OpenBLAS's kernels [A-Za-z]* and Prescott"
fi
OMP_WAIT_POLICY=active refuses 3 'OMP_WAIT_POLICY none and active'
MALLOC_ARENA_MAX=1 refuses 3 'MALLOC_ARENA_MAX none and 1'
GLIBC_TUNABLES=glibc.malloc.tcache_count=0 refuses 3 'GLIBC_TUNABLES none and '
cp w/meta.json here.json
edited() { # SED PATTERN: as if the first part had been otherwise
  sed "$1" here.json >w/meta.json
  cmp -s here.json w/meta.json && fail "nothing edited: $1"
  refuses 3 "$2"
  cp here.json w/meta.json
}
edited '/"cpu": {/,/"name"/ s/"name": ".*"/"name": "Another Processor"/' 'of Another Processor, threads 1; this is '
edited 's/"n_threads": 1,/"n_threads": 7,/' ', threads 7; this is .*, threads 1'
edited 's/"git": "/"git": "f00/' 'zogap git f00'
edited 's/"program_xxh3": "/"program_xxh3": "f00/' 'zogap program f00'
edited 's/"kernel": "/"kernel": "f00/' 'kernel f00'
edited '/"jansson": {/,/}/ s/"version": "/"version": "f00/' 'jansson f00'
edited 's/"cpu_read": [0-9]*/"cpu_read": 977/' 'cpus 977 and '

echo "== other options"
refuses 2 'another command_line.*--seed 1 and 2' --seed 2
refuses 2 '--batch 2,4 and 2,8' --batch 2,8
refuses 2 '--batch 2,4 and 4,2' --batch 4,2
refuses 2 'rank 2 and 4' --rank 4
refuses 2 '--scope linear and full' --scope full
refuses 2 '--limit none and 9' --limit 9
refuses 2 '--split train and dev' --split dev
refuses 2 '--bos 0 and 2' --bos stock
refuses 2 '--objective task and lm-prompt' --objective lm-prompt
refuses 2 '--layers-resident none and 1' --layers-resident 1
refuses 2 '--task reviews and embedded' --task embedded
refuses 2 '--engines .* and naive:gemm=reference;' --engines naive:gemm=reference
refuses 2 '--blocks 400 and 401' --blocks 401
refuses 2 '--steps 1 and 2' --steps 2
refuses 2 '--events none and software' --events software
refuses 2 '--brief false and true' --brief
refuses 2 '--fidelity 0 and 1' --fidelity 1
refuses 2 '--tag who= none and me' --tag who=me
refuses 3 'threads 1; this is .*, threads 2' --threads 2

echo "== other files"
cp task/rows.tsv keep && sed -i '2s/1$/0/' task/rows.tsv
refuses 3 'case 1 was measured on another data, fingerprint [0-9a-f]{16} then and [0-9a-f]{16} now'
cp keep task/rows.tsv && sed -i.keep 's/It was/It is/' task/mine.json
refuses 3 'another task, fingerprint'
mv task/mine.json.keep task/mine.json
cp tiny/model.safetensors keep
printf '\001' | dd of=tiny/model.safetensors bs=1 seek=$(($(stat -c %s tiny/model.safetensors) - 4)) conv=notrunc 2>/dev/null
refuses 3 'another model, fingerprint'
cp keep tiny/model.safetensors

echo "== the same in other words, from another folder"
cp w/samples.csv before.csv
(cd task && run 0 run --out ../w --model ../tiny/ --task mine.json --batch=2,4 --engines "$two" --rank 2 --seed 1 --threads 1 \
  --algorithm lozo --max-time 0 --blocks 400 --steps 1 --fidelity 0 --events none --resume --wide)
says out.txt '^note: measured in 2 sessions: .*Z, interrupted, .*samples.*preempted.*; .*Z, complete, '
[ "$(wc -l <w/samples.csv)" = 1601 ] || fail "resumed: $(wc -l <w/samples.csv) lines of samples, not 1601"
[ "$(sort w/samples.csv | uniq -d | wc -l)" = 0 ] || fail "resumed: a sample is there twice"
if command -v python3 >/dev/null; then
  python3 - here.json w/meta.json <<'PY' || fail "the sessions do not hold together"
import json, sys
old, new = (json.load(open(name)) for name in sys.argv[1:])
first, second = new["sessions"]
assert new["started_utc"] == first["started_utc"] == old["started_utc"] and new["run_id"] == old["run_id"]
assert first == old["sessions"][0] and first["status"] == "interrupted" and second["status"] == "complete"
assert new["finished_utc"] == second["finished_utc"] and first["peak"] and second["peak"]
for key in ("wall_s", "involuntary_switches"):
    whole = first["during"][key] + second["during"][key]
    assert abs(new["during"][key] - whole) <= 1e-6 * whole, key
assert set(first["warnings"]) | set(second["warnings"]) == set(new["warnings"])
PY
fi
before=$(cat w/* | cksum)
run 0 "${sweep[@]}" --resume
says out.txt '^note: all was measured already'
says out.txt '^tiny, reviews '
[ "$(cat w/* | cksum)" = "$before" ] || fail "a --resume with nothing to do wrote"

echo "== nothing to go on with, nothing timed"
run 0 run --engines naive:gemm=reference --model tiny --batch 2 --threads 1 --blocks 2 --steps 1 --events none --out anew --resume
says err.txt 'anew holds no run to go on with: it begins anew'
run 2 run --engines naive:gemm=reference --model tiny --resume
says err.txt 'needs --out DIR'
start_and_stop INT 0 u/meta.json run --engines "$two" --model tiny --batch 2 --threads 1 --events none --max-time 0 --width 0.001 \
  --min-time 3 --out u
if [ ! -e u/samples.csv ] || [ "$(wc -l <u/samples.csv)" -le 1 ]; then
  says err.txt 'interrupted before the first block: nothing was timed; the command with --resume starts it in u'
  [ "$(wc -l <out.txt)" = 1 ] && says out.txt '^to go on: .*--resume$'
else
  echo "note: the run was not interrupted before its first block"
fi

finish
