#!/usr/bin/env bash
# test_cli.sh ZOGAP MAKE_TINY_MODEL - the real binary on the command line: exit codes, one clear line of error, result
# files, and earlier results left alone.  Runs that are cut off are in test_cli_stop.sh.
shares=$(realpath "$(dirname "$0")/../../../scripts/phase_shares.py")
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
trap 'umount "$work/full" 2>/dev/null; rm -rf "$work"' EXIT

make_tiny "$2"
one=(--engines naive:gemm=reference --model tiny --batch 2 --threads 1)
two=(--engines "naive:gemm=reference,naive:gemm=reference" --model tiny --batch 2 --threads 1)
quick=(--blocks 6 --steps 1 --events none)
export ZOGAP_PEAKS=brief # they are most of a small run; in full for r1, whose files are looked at

echo "== help and version"
expect 0 'usage: zogap' --help
expect 0 '^zogap [0-9]' --version
for command in info run ladder verify score export roofline compare gate help; do
  expect 0 "usage: zogap $command" "$command" --help
done
for option in engines mechanisms model tokenizer task data objective algorithm batch max-rows rank nu eps lr scope direction \
  direction-scale dtype layers-resident seed bos split limit truncate wide threads cpus steps blocks min-time max-time fidelity fidelity-batch width events out baseline second-baseline tag \
  quiet format resume list strict multiplex brief; do
  "$zogap" run --help --all | grep -q -- "^  --$option" || fail "zogap run --help --all lacks --$option"
done
expect 0 'usage: zogap COMMAND' help
expect 0 'usage: zogap COMMAND' -h
expect 0 'usage: zogap run' help run
cp out.txt few.txt
"$zogap" run --help | cmp - few.txt || fail "zogap help run and zogap run --help differ"
expect 0 '^  --brief' help run --all
"$zogap" run --all --help | cmp - out.txt || fail "--all before --help"
"$zogap" run --batch 4 --help --all | cmp - out.txt || fail "--all after --help"
grep -q '^  --brief' few.txt && fail "zogap help run has all options"
grep -q 'zogap run --help --all. has' few.txt || fail "zogap help run does not tell of --all"
expect 0 '^---- zogap gate ----' help --all
cp out.txt all.txt
"$zogap" --help --all | cmp - all.txt || fail "zogap help --all and zogap --help --all differ"
expect 2 "help: unknown command 'rum'.*; did you mean 'run'?" help rum
expect 2 'one command at a time' help run gate
expect 2 '--all: unknown option' run --all

echo "== usage: exit code 2"
expect 2 'no command'
expect 2 'dance' dance
expect 2 '--warp' run --warp
expect 2 "unknown command 'rum'; must be one of .*; did you mean 'run'?" rum
expect 2 "did you mean '--version'?" --verison
expect 2 '--model: options follow the command, which must be one of info, run' --model tiny run
expect 2 "bacth: unknown option; did you mean '--batch'?" run --bacth 4
expect 2 "; did you mean '--batch'?" run --bacth=4
expect 2 "; did you mean '--model'?" run -model tiny
expect 2 "; did you mean '--model'?" run –model tiny
expect 2 '--base: ambiguous, it may be --baseline, --baseline-bin' gate --base a
expect 2 "; did you mean 'fused'?" run --engines naive,fuesd
expect 2 "setting 'gem'; it has dtype, mechanisms, gemm; did you mean 'gemm'?" run --engines naive:gem=onednn
expect 2 "; did you mean 'reference'?" run --engines naive:gemm=referense
expect 2 "; did you mean 'trie'?" run --engines fused:mechanisms=-tire
expect 2 "; did you mean 'adapter'?" run --mechanisms adaptor
expect 2 "; did you mean 'bf16'?" run --dtype bf61
expect 2 "; did you mean 'int8'?" run --dtype bf16+itn8
expect 2 "; did you mean 'opt-125m'?" run --engines naive --model opt125m
expect 2 "; did you mean 'embedded'?" run "${one[@]}" --task embeded
expect 2 "; did you mean 'lozo'?" run --algorithm lozzo
expect 2 "; did you mean 'rank'?" run --algorithm lozo:ranc=2
expect 2 "; did you mean 'official'?" run --direction oficial
expect 2 "; did you mean 'official'?" run --bos oficial
expect 2 "; did you mean 'linear'?" run --scope Linear
expect 2 "; did you mean 'table'?" run --format tabel
expect 2 "; did you mean 'software'?" run "${one[@]}" --events softwear
expect 2 "; did you mean 'naive:gemm=reference'?" run "${one[@]}" --baseline naive:gemm=referense
expect 2 "; did you mean 'adapter'?" ladder --order adaptor
expect 2 "; did you mean 'threads'?" compare --across thread a b
expect 2 "; did you mean 'layers_resident'?" compare --across layers-resident a b
ZOGAP_ISA=axv2 expect 2 "; did you mean 'avx2'?" roofline
ZOGAP_PEAKS=breif expect 2 "; did you mean 'brief'?" run "${one[@]}" "${quick[@]}"
expect 2 '--batch' run --batch
expect 2 'extra' run extra
expect 2 '--batch 0' run --batch 0
expect 2 '--batch -16' run --batch -16
expect 2 '--batch 16x' run --batch=16x
expect 2 '--batch' run --batch 16,,32
expect 2 '--threads 0' run --threads 0
expect 2 '--threads 999' run --threads 999
expect 2 '--rank 0' run --rank 0
expect 2 '--nu 0' run --nu 0
expect 2 '--eps 0' run --eps 0
expect 2 '--eps nan' run --eps nan
expect 2 '--lr -1' run --lr -1
expect 2 '--steps 0' run --steps 0
expect 2 '--blocks 0' run --blocks 0
expect 2 '--limit 0' run --limit 0
expect 2 '--seed' run --seed -1
expect 2 '--width 0: must be a percentage above 0 and at most 100' run --width 0
expect 2 '--width 101%' run --width 101%
expect 0 '^case' run --list --width 5%
expect 0 '^case' run --list --width 0.5
expect 2 '--max-time' run --max-time never
expect 2 '--fidelity -1' run --fidelity -1
expect 2 '--fidelity-batch 0' run --fidelity-batch 0
expect 2 '--bos' run --bos perhaps
expect 2 '--split' run --split test
expect 2 '--dtype' run --dtype fp12
expect 2 '--dtype bf16+' run --dtype bf16+
expect 2 'naive' run --engines naive --dtype bf16+int8
expect 2 '--layers-resident' run --layers-resident -1
expect 2 '--layers-resident 9' run "${one[@]}" --layers-resident 9
expect 2 "unknown algorithm 'adam'; this build knows lozo, lozo-m, factorised, mezo" run --algorithm adam
expect 2 'lozo:beta=1: beta: is no option of algorithm lozo, which has rank, nu' verify --algorithm lozo:beta=1
expect 2 'lozo:rank=0: rank 0: must be an integer from 1 to 16384' score --algorithm lozo:rank=0
expect 2 '--nu 5: --algorithm says otherwise' run --algorithm lozo:nu=4 --nu 5
expect 2 'warp' run --engines naive,warp
expect 2 'flying' run --mechanisms flying
expect 2 'gemm' run --engines naive:gemm=abacus
expect 2 '--baseline' run --engines naive --baseline fused
expect 2 '--second-baseline' run --engines naive --second-baseline fused
expect 2 '--tag' run --tag novalue
cpu=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status) # the first that this process may use
expect 2 '--cpus' run --cpus "$cpu,x"
expect 2 '--format' run --format xml
expect 2 '--resume' run --resume
expect 2 'opt-99b' run --engines naive --model opt-99b
expect 2 'chess' run "${one[@]}" --task chess
expect 2 'nothing to judge' gate
expect 2 '--candidate DIR is missing' gate --baseline a
expect 2 '--baseline-bin ZOGAP is missing' gate --candidate-bin a
expect 2 'not both' gate --baseline a --candidate b --baseline-bin c --candidate-bin d
expect 3 'baseline: a' gate --baseline a --candidate b --max-regression 5
expect 3 'baseline: a' gate --baseline a --candidate b --max-regression 0.5%
expect 2 '0.05: is that 0.05% or 5%? write the sign' gate --baseline a --candidate b --max-regression 0.05
expect 2 'like 5%' gate --baseline a --candidate b --max-regression five%
expect 2 'like 5%' gate --baseline a --candidate b --max-regression 5%%
expect 2 'like 5%' gate --baseline a --candidate b --max-regression 0%
expect 2 '--undecided' gate --baseline a --candidate b --undecided maybe
expect 2 '--measure' gate --baseline-bin a --candidate-bin b --measure seconds
expect 2 '--batch: only with' gate --baseline a --candidate b --batch 16
expect 2 '--engines: only with' gate --baseline a --candidate b --engines fused
expect 2 '--blocks' gate --baseline a --candidate b --blocks 9
expect 2 'at least 6' gate --baseline-bin "$zogap" --candidate-bin "$zogap" --blocks 5
expect 2 '--format' roofline --format xml
expect 2 'needs a DIR' compare
expect 2 '--threads 0' roofline --threads 0
expect 2 '--cpus' roofline --cpus "$cpu,x"
expect 2 '--batch' roofline --batch 16
expect 2 'lazy needs adapter' ladder --order lazy,adapter
expect 2 'listed twice' ladder --order adapter,adapter
expect 2 'flying' ladder --order flying
expect 2 'no mechanisms' ladder --runtime naive
expect 2 '--order' ladder --runtime fused:mechanisms=-trie
expect 2 '--loop' ladder --loop warp
expect 2 '--dtype' ladder --dtype fp32,bf16
expect 2 '--baseline' ladder --baseline fused
expect 2 '--engines' ladder --engines naive
ZOGAP_ISA=mmx expect 2 'ZOGAP_ISA=mmx' roofline
ZOGAP_PEAKS=some expect 2 'ZOGAP_PEAKS=some is unknown; it takes full or brief' run "${one[@]}" "${quick[@]}"
expect 2 'sweep' score --engines naive --batch 2,4
expect 2 'one engine' score "${two[@]}"
expect 2 '--probes' score "${one[@]}" --probes 0,x
"$zogap" info | grep -q 'papi  *version' && # without PAPI the names cannot be checked
  expect 2 'PAPI_NOT_SUCH' run "${one[@]}" --events PAPI_NOT_SUCH
expect 2 '--batch' run "${one[@]}" --batch 1000000
ls -d zogap-results >/dev/null 2>&1 && fail "a usage error left a result directory"

mkdir mine
if "$zogap" info --format json | tr -d ' \n' | grep -q '"name":"fused"'; then
  expect 2 "'adapter'" run --engines fused --model tiny --batch 2 --threads 1 --mechanisms paired --out mine
  [ -z "$(ls -A mine)" ] || fail "a refused combination left files: $(ls -A mine)"
fi

echo "== bad input: exit code 3"
expect 3 'absent.txt' run @absent.txt
mkdir empty
expect 3 'config.json' run "${one[@]}" --model empty
expect 3 'absent' run "${one[@]}" --tokenizer absent
expect 3 'absent.json' run "${one[@]}" --task absent.json
cp -r tiny truncated && truncate -s 5000 truncated/model.safetensors
expect 3 'model.safetensors' run "${one[@]}" --model truncated
cp -r tiny nan && printf '\377\377\377\377' |
  dd of=nan/model.safetensors bs=1 seek=$(($(stat -c %s nan/model.safetensors) - 4)) conv=notrunc 2>/dev/null
expect 3 'nan' run "${one[@]}" --model nan
task='{"name": "t", "data": {"train": "t.tsv", "dev": "t.tsv"}, "delimiter": "\t", "quote": "",
 "template": "{text} It was", "options": [" bad", " good"], "label": "label", "loss": "classification"}'
mkdir ragged label long double nooptions
for d in ragged label long; do echo "$task" >$d/t.json; done
printf 'text\tlabel\na fine day\t1\nshort row\n' >ragged/t.tsv
printf 'text\tlabel\na fine day\t1\na day\t7\n' >label/t.tsv
{ printf 'text\tlabel\n' && for _ in $(seq 400); do printf 'word '; done && printf '\t1\n'; } >long/t.tsv
echo "${task/\"name\": \"t\"/\"name\": \"t\", \"name\": \"u\"}" >double/t.json
echo "${task/[\" bad\", \" good\"]/[]}" >nooptions/t.json
cp ragged/t.tsv double/t.tsv && cp ragged/t.tsv nooptions/t.tsv
expect 3 't.tsv' score "${one[@]}" --task ragged/t.json
expect 3 't.tsv' run "${one[@]}" --task label/t.json
expect 3 't.tsv' verify "${one[@]}" --task long/t.json
expect 3 't.json' run "${one[@]}" --task double/t.json
expect 3 't.json' run "${one[@]}" --task nooptions/t.json
expect 3 'no/such' run "${one[@]}" --model no/such
cp -r tiny half && echo '{}' >half/vocab.json && rm -f half/merges.txt
expect 3 'merges.txt' score "${one[@]}" --model half
cp -r tiny mute && rm -f mute/vocab.json mute/merges.txt
expect 3 'mute: vocab.json and merges.txt are missing.*--tokenizer DIR' run "${one[@]}" --model mute
expect 0 '' score "${one[@]}" --model mute --tokenizer tiny --limit 2
ls -d zogap-results >/dev/null 2>&1 && fail "bad input left a result directory"

echo "== environment: exit code 4"
touch file
expect 4 'file/x' run "${one[@]}" "${quick[@]}" --out file/x
expect 4 'file' run "${one[@]}" "${quick[@]}" --out file
expect 4 'file' roofline --out file
if [ "$(id -u)" != 0 ]; then
  mkdir locked && chmod 555 locked
  expect 4 'locked' run "${one[@]}" "${quick[@]}" --out locked
else
  echo "skipped: root may write into a locked directory"
fi
mkdir full
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=16k tmpfs full 2>/dev/null; then
  expect 4 'full' run "${one[@]}" "${quick[@]}" --out full/x
  ls full/x 2>/dev/null | grep -q . && fail "a full disk left files behind"
  umount full
  # a disk that fills up on the way: no room for a new meta.json, yet it must not go on saying that the run is under way
  mount -t tmpfs -o size=100k tmpfs full
  "$zogap" run "${one[@]}" --blocks 100000 --steps 1 --max-time 0 --events none --out full/x >out.txt 2>err.txt &
  pid=$!
  await_lines 5 full/x/samples.csv $pid
  cat /dev/zero >full/filler 2>/dev/null
  wait $pid
  [ $? = 4 ] || fail "a disk that fills up is not exit code 4"
  [ "$(cat err.txt)" = "zogap: run: full/x/samples.csv: cannot write: No space left on device" ] ||
    fail "a disk that fills up: $(cat err.txt)"
  grep -q '"status": "failed" ,' full/x/meta.json || fail "a disk that fills up: meta.json says $(grep '"status"' full/x/meta.json)"
  [ "$(tail -c 1 full/x/samples.csv | od -An -c | tr -d ' ')" = '\n' ] || fail "a disk that fills up: torn samples.csv"
  [ "$(ls -A full/x | wc -l)" = 3 ] || fail "a disk that fills up: the directory holds $(ls -A full/x)"
  umount full
else
  echo "skipped: cannot mount a small file system"
fi
(ulimit -f 64 && exec timeout 60 "$zogap" run "${one[@]}" --blocks 4000 --steps 1 --max-time 0 --out cut >out.txt 2>err.txt)
[ $? = 4 ] || fail "a file that grows over the limit is not exit code 4: $(cat err.txt)"
[ "$(wc -l <err.txt)" = 1 ] || fail "a file over the limit: $(cat err.txt)"
[ "$(tail -c 1 cut/samples.csv | od -An -c | tr -d ' ')" = '\n' ] || fail "a file over the limit: torn samples.csv"
grep -q '"status": "failed"' cut/meta.json || fail "a file over the limit: meta.json does not say failed"
"$zogap" run "${one[@]}" "${quick[@]}" --format csv --out closed >&- 2>err.txt
[ $? = 4 ] || fail "a closed standard output is not exit code 4"
[ "$(wc -l <err.txt)" = 1 ] || fail "a closed standard output: $(cat err.txt)"
timeout 60 "$zogap" score "${one[@]}" --limit 4 >/dev/full 2>err.txt
[ $? = 4 ] || fail "a full standard output is not exit code 4"
[ "$(wc -l <err.txt)" = 1 ] || fail "a full standard output: $(cat err.txt)"

# a machine of files, which has one fault that is known before the clock runs
mkdir -p slow/sys/devices/system/cpu/cpu0/cpufreq && echo powersave >slow/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor
export ZOGAP_SYSROOT=$work/slow
expect 0 'frequency governor is powersave' info
expect 4 '--strict: [0-9]* warning.*governor is powersave.*nothing is measured' run "${one[@]}" "${quick[@]}" --strict --out strict
expect 4 '--strict: [0-9]* warning.*governor is powersave.*nothing is measured' ladder --model tiny --strict --out strict
expect 4 '--strict: [0-9]* warning.*governor is powersave.*nothing is measured' roofline --strict --out strict
[ -e strict ] && fail "a run that --strict refused left its directory"
expect 0 '^warning: frequency governor is powersave' run "${one[@]}" "${quick[@]}" --out faulty
grep -q 'ZOGAP_SYSROOT=slow: facts of the machine are read from files' faulty/meta.json || fail "nothing warns that the machine is one of files"
unset ZOGAP_SYSROOT

echo "== a run and its files"
ZOGAP_PEAKS=full expect 0 'results in r1' run "${two[@]}" "${quick[@]}" --out r1 --tag who=test
for f in meta.json samples.csv phases.csv summary.csv verify.csv roofline.csv; do
  [ -s "r1/$f" ] || fail "r1/$f is missing"
done
[ "$(ls -A r1 | wc -l)" = 6 ] || fail "r1 holds other files: $(ls -A r1)"
grep -q '"who": "test"' r1/meta.json || fail "the tag is not in meta.json"
grep -q '"status": "complete"' r1/meta.json || fail "r1 is not marked complete"
if command -v python3 >/dev/null; then
  python3 - r1 <<'PY' || fail "the files of r1 do not hold together"
import csv, json, sys
d = sys.argv[1]
meta = json.load(open(d + "/meta.json"))
for key in ("schema_version", "zogap", "command", "command_line", "machine", "pins", "counters", "libraries",
            "warnings", "engines", "cases", "environment", "peak", "tags", "interrupted"):
    assert key in meta, key
assert meta["schema_version"] == 3 and meta["engines"][0]["mechanisms"] == []
assert meta["cases"][0]["engines"][0] == {"engine": "naive:gemm=reference", "dtype": "fp32", "mechanisms": [], "bank_redraws": None}
assert meta["interrupted"] is False and meta["cases"][0]["model"]["fingerprint_xxh3"]
summary = list(csv.DictReader(open(d + "/summary.csv")))
for column in ("engine,model,task,algorithm,dtype,batch,n,wall_s_per_step_median,speedup,speedup_ci_low,"
               "speedup_ci_high,gflops_useful,peak_share,peak_rss_mib").split(","):
    assert column in summary[0], column
assert [r["engine"] for r in summary] == ["naive:gemm=reference", "naive:gemm=reference#2"]
assert all(r["verified"] == "1" and r["n"] == "6" and float(r["speedup"]) > 0 for r in summary)
assert float(summary[0]["speedup"]) == 1 and summary[0]["algorithm"] == "lozo:rank=2+nu=50+eps=0.001+lr=1e-06"
samples = list(csv.DictReader(open(d + "/samples.csv")))
assert len(samples) == 12
assert {(r["engine"], int(r["block"])) for r in samples} == \
       {(e["engine"], b) for e in summary for b in range(6)}
assert all(float(r["wall_s_per_step"]) > 0 for r in samples)
phases = list(csv.DictReader(open(d + "/phases.csv")))
assert {r["engine"] for r in phases} == {r["engine"] for r in summary}
verify = list(csv.DictReader(open(d + "/verify.csv")))
assert all(r["passed"] == "1" for r in verify) and float(verify[1]["loss_difference_max"]) == 0
PY
fi
expect 0 'results in e1' run "${one[@]}" --blocks 2 --steps 2 --out e1 --multiplex
expect 0 'results in e2' run "${one[@]}" --blocks 2 --steps 2 --out e2 --events flops,PAPI_TLB_DM,perf::TASK-CLOCK
if command -v python3 >/dev/null; then
  python3 - e1 e2 <<'PY' || fail "the counts of e1 or e2 do not hold together"
import csv, json, sys
for d in sys.argv[1:]:
    counters = json.load(open(d + "/meta.json"))["counters"]
    events = counters["events"]
    assert all(e["counting"] == (e["reason"] == "") for e in events), events
    assert all(e["column"] or not e["counting"] for e in events), events
    assert (counters["start_stop_s"] is None) == (counters["slowdown"] is None) == (not any(e["counting"] for e in events))
    samples = list(csv.DictReader(open(d + "/samples.csv")))
    columns = list(samples[0])
    assert columns[columns.index("disturbed") + 1:] == [e["column"] for e in events if e["column"]]
    counting = {e["name"] for e in events if e["counting"]}
    assert all((s[e["column"]] != "") == e["counting"] for s in samples for e in events if e["column"])
    counts = list(csv.DictReader(open(d + "/counters.csv"))) if counting else []
    assert {r["event"] for r in counts} == counting, counting
    phases = {r["phase"] for r in csv.DictReader(open(d + "/phases.csv"))}
    assert {r["phase"] for r in counts} in (phases | {"step"}, set())
    for e in events: # all threads together are the sum of the one
        values = [float(r["count_per_step"]) for r in counts if r["event"] == e["name"] and r["phase"] == "step"]
        assert not e["counting"] or len(values) == 2 and values[0] == values[1], values
    if d == "e2":
        assert [e["column"] for e in events if "TLB" in e["name"]][0].startswith("papi_tlb_dm")
PY
fi
before=$(cat r1/* | cksum)
expect 2 'already holds results' run "${two[@]}" "${quick[@]}" --out r1
[ "$(cat r1/* | cksum)" = "$before" ] || fail "a refused run changed earlier results"
expect 3 'config.json' run "${two[@]}" --model empty --out r2
[ -e r2 ] && fail "a failed run left its directory"

echo "== below fp32"
low=(--engines naive:gemm=reference,naive:gemm=reference:dtype=bf16 --model tiny --batch 2 --threads 1)
expect 0 'bf16: loss within 0.02' run "${low[@]}" "${quick[@]}" --fidelity 20 --fidelity-batch 1 --out low1 --wide
grep -q 'dL error *sign match' out.txt || fail "no fidelity in the table: $(cat out.txt)"
grep -q 'over naive:gemm=reference:dtype=bf16' out.txt || fail "no second baseline in the table: $(cat out.txt)"
grep -q '^fidelity: 20 probes of 1 example took' out.txt || fail "no word on the time of fidelity: $(cat out.txt)"
# a failure after that is one line all the same
expect 1 'engine checks failed' run "${low[@]}" "${quick[@]}" --fidelity 2 --lr 1e30 --out low0
[ "$(wc -l <low1/fidelity.csv)" = 21 ] || fail "fidelity.csv: $(wc -l <low1/fidelity.csv) lines, not 21"
grep -q '^peak,bf16,' low1/roofline.csv || fail "roofline.csv has no peak of bf16"
expect 0 '' run "${low[@]}" "${quick[@]}" --fidelity 0 --quiet --out low2
[ -e low2/fidelity.csv ] && fail "--fidelity 0 measured it"
[ -s err.txt ] && fail "--quiet --fidelity 0 says $(cat err.txt)"
expect 0 '' run "${one[@]}" --dtype fp32,bf16 "${quick[@]}" --fidelity 4 --out low3
cut -d, -f6 low3/summary.csv | paste -sd, | grep -qx dtype,fp32,bf16 || fail "a sweep over --dtype: $(cut -d, -f6 low3/summary.csv)"
expect 0 'loss within' verify "${low[@]}" --wide
# the loop in fp32 is asked for 24 of the probes, `fused` for all
expect 0 '^fidelity: 30 probes' run "${low[@]}" "${quick[@]}" --fidelity 30 --out low7
tr -d ' \n' <low7/meta.json | grep -q '"reference":"fusedinfp32","replaces":"naive","replaces_probes":24,"replaces_rms":[0-9.]*e-0*[5-9],' ||
  fail "the reference of a loop: $(grep -A 4 '"reference"' low7/meta.json)"
# without --engines those that have the dtype, with a note about the others; asked for by name they are an error
expect 0 'left out for want of the dtype: .*naive' run --model tiny --batch 2 --dtype int8 "${quick[@]}" --fidelity 2 --out low4
expect 2 'dtype int8: engine naive has no dtype int8; it has' run --engines naive,fused --model tiny --batch 2 --dtype int8 --out low5
expect 2 "needs mechanism 'bank'" run --engines fused --model tiny --batch 2 --dtype bf16 --mechanisms adapter --out low6
if command -v python3 >/dev/null; then
  python3 - low1 <<'PY' || fail "the fidelity of low1 does not hold together"
import csv, math, sys
rows = list(csv.DictReader(open(sys.argv[1] + "/fidelity.csv")))
low = list(csv.DictReader(open(sys.argv[1] + "/summary.csv")))[1]
dl = [(float(r["dl"]), float(r["dl_reference"])) for r in rows]
rms = math.sqrt(sum((a - b) ** 2 for a, b in dl) / sum(b * b for _, b in dl))
assert low["fidelity_probes"] == "20" and abs(float(low["fidelity_rms"]) / rms - 1) < 1e-4, (low, rms)
assert 0 < rms < 1 and len({r["seed_u"] for r in rows}) == 20
assert low["peak_dtype"] == "bf16" and float(low["second_speedup"]) == 1
PY
fi

echo "== formats"
for format in csv json markdown; do
  expect 0 '' run "${one[@]}" "${quick[@]}" --out "f-$format" --format $format
done
expect 0 '^engine,model,' run "${one[@]}" "${quick[@]}" --out f1 --format csv
expect 0 '^| engine' run "${one[@]}" "${quick[@]}" --out f2 --format markdown
printf -- '--engines naive:gemm=reference --model tiny # the model\n--batch 2 --threads 1\n' >options.txt
printf '\357\273\277' | cat - options.txt >marked.txt && printf '\377\376r\0' >wide.txt
expect 0 '' score @marked.txt --limit 2
expect 3 '@FILE: wide.txt: this is UTF-16' score @wide.txt
expect 0 'results in f3' run @options.txt "${quick[@]}" --out f3
expect 0 'over naive:dtype=fp32:gemm=reference ' run "${one[@]}" --engines naive:gemm=reference,naive:dtype=fp32:gemm=reference "${quick[@]}" --out f4 --wide
expect 0 'cases, about' run "${one[@]}" --batch 2,4 --rank 1,2 --list

echo "== phases of a sweep"
mkdir phases
cat >phases/phases.csv <<'CSV'
engine,model,dtype,batch,rank,threads,layers_resident,phase,s_per_step
fused,tiny,fp32,2,1,1,,qkv,3
fused,tiny,fp32,2,1,1,,head,1
fused,tiny,fp32,2,4,1,,qkv,1
fused,tiny,fp32,2,4,1,,head,1
CSV
if command -v python3 >/dev/null; then
  PYTHONDONTWRITEBYTECODE=1 python3 "$shares" phases >out.txt
  [ "$(cat out.txt)" = "fused, tiny, fp32, batch 2, 1 threads, rank 1: qkv 75.00%, head 25.00%
fused, tiny, fp32, batch 2, 1 threads, rank 4: qkv 50.00%, head 50.00%" ] || fail "phase shares: $(cat out.txt)"
  cat >phases/phases.csv <<'CSV'
engine,model,algorithm,dtype,batch,threads,layers_resident,phase,s_per_step
fused,tiny,lozo:rank=1+nu=50+eps=0.001+lr=1e-06,fp32,2,1,,qkv,3
fused,tiny,lozo:rank=1+nu=50+eps=0.001+lr=1e-06,fp32,2,1,,head,1
fused,tiny,lozo:rank=4+nu=50+eps=0.001+lr=1e-06+direction=official,fp32,2,1,,qkv,1
CSV
  PYTHONDONTWRITEBYTECODE=1 python3 "$shares" phases >out.txt
  [ "$(cat out.txt)" = "fused, tiny, fp32, batch 2, 1 threads, rank 1, direction correct: qkv 75.00%, head 25.00%
fused, tiny, fp32, batch 2, 1 threads, rank 4, direction official: qkv 100.00%" ] || fail "phase shares: $(cat out.txt)"
fi

echo "== verify and score"
expect 0 'equal' verify "${two[@]}"
expect 0 'equal' verify "${two[@]}" --out v1
head -c 13 v1/verify.csv | grep -q 'engine,model' || fail "v1/verify.csv has no header"
expect 0 '' score "${one[@]}" --limit 3 --split dev
[ "$(head -1 out.txt)" = example,probe,option,gold,n_option_tokens,logprob_mean,loss,layers_resident ] || fail "header of score"
[ "$(wc -l <out.txt)" = 19 ] || fail "score: $(wc -l <out.txt) lines, not 1 + 3 examples x 3 probes x 2 options"
cut -d, -f2 out.txt | sort -u | paste -sd, | grep -q '0,0.001,-0.001\|-0.001,0,0.001' || fail "default probes"
cp out.txt stdout.csv
expect 0 '' score "${one[@]}" --limit 3 --split dev --out s1
cmp -s s1/score.csv stdout.csv || fail "score --out differs from the standard output"
expect 0 '' score "${one[@]}" --limit 1 --probes 0.5
[ "$(wc -l <out.txt)" = 3 ] || fail "score --probes 0.5: one probe, two options"
grep -q ',$' out.txt || fail "score names resident layers where all are: $(tail -1 out.txt)"
expect 0 ',1$' score "${one[@]}" --limit 1 --layers-resident 1
expect 0 'layers resident, repeated' verify "${one[@]}" --layers-resident 1 --wide
expect 0 'equal' verify "${one[@]}"
grep -q 'resident' out.txt && fail "verify names resident layers where all are: $(cat out.txt)"

echo "== tasks of JSON, and rows that are cut"
mkdir rte record
printf '%s\n' '{"premise": "tea is hot .", "hypothesis": "tea is warm", "label": "entailment"}' \
  '{"premise": "no", "hypothesis": "yes", "label": "not_entailment"}' >rte/val.jsonl
printf '%s\n' '{"passage": {"text": "Ann met Bob .", "entities": [{"start": 8, "end": 10}, {"start": 0, "end": 2}]},
  "qas": [{"query": "@placeholder ran", "answers": [{"text": "Bob"}]}]}' | tr -d '\n' >record/val.jsonl
expect 0 '' score "${one[@]}" --task rte --data rte --split dev --probes 0
cut -d, -f1,3,4 out.txt | paste -sd' ' | grep -qx 'example,option,gold 0,0,0 0,1,0 1,0,1 1,1,1' || fail "score of rte: $(cat out.txt)"
expect 0 '' score "${one[@]}" --batch 1 --task record --data record --split dev --probes 0
expect 2 'record.*--data DIR with train.jsonl and val.jsonl' run "${one[@]}" --task record
expect 3 'rte/train.jsonl: No such file.*nor is there RTE/train.jsonl' run "${one[@]}" --task rte --data rte
expect 2 "did you mean 'record'" run "${one[@]}" --task recrod
echo '{"premise": "a", "hypothesis": "b", "label": "entailment"' >>rte/val.jsonl
expect 3 'rte/val.jsonl:3: column' run "${one[@]}" --task rte --data rte --split dev
expect 3 'rte/val.jsonl:3: column' verify "${two[@]}" --task rte --data rte --split dev
printf 'a fine day\t1\n' >>long/t.tsv
expect 3 't.tsv:2: a sequence of .* tokens, the model takes at most 128; --truncate left' run "${one[@]}" --task long/t.json
expect 2 '--truncate' run "${one[@]}" --truncate right
expect 0 '' run "${one[@]}" "${quick[@]}" --task long/t.json --truncate left --out cutrows
grep -q 'note: 1 of 2 rows are longer than the model takes' out.txt err.txt || fail "no note of rows that are cut: $(cat out.txt err.txt)"
tr -d ' \n' <cutrows/meta.json | grep -q '"truncate":"left","n_truncated":1' || fail "meta.json does not count the rows that are cut"
tr -d ' \n' <r1/meta.json | grep -q '"truncate":"refuse","n_truncated":0' || fail "r1 is said to be cut"
expect 0 '' score "${one[@]}" --task long/t.json --truncate left
grep -q 'note: 1 of 2 rows' err.txt || fail "score does not tell of rows that are cut"

echo "== info"
expect 0 'naive' info
expect 0 'lozo:direction=correct|official (default correct)' info
expect 0 '"engines"' info --format json
command -v python3 >/dev/null && { python3 -m json.tool <out.txt >/dev/null || fail "info is not JSON"; }

echo "== roofline"
header=quantity,dtype,isa,threads,value,median,unit,array_bytes,reason
expect 0 '^peak,fp32,' roofline --threads 1 --format csv --quiet --out p1
[ "$(head -1 p1/roofline.csv)" = $header ] || fail "header of roofline.csv: $(head -1 p1/roofline.csv)"
cmp -s p1/roofline.csv out.txt || fail "roofline.csv differs from the standard output"
[ "$(ls -A p1 | paste -sd' ')" = 'meta.json roofline.csv' ] || fail "p1 holds $(ls -A p1)"
grep -q '"status": "complete"' p1/meta.json || fail "p1 is not marked complete"
before=$(cat p1/* | cksum)
expect 2 'already holds results' roofline --threads 1 --out p1
[ "$(cat p1/* | cksum)" = "$before" ] || fail "a refused roofline changed earlier results"
ZOGAP_ISA=portable expect 0 'peak *int8 .* needs avx2' roofline --threads 1 --wide
[ "$(grep -vc '^warning: ' out.txt)" = 7 ] || fail "roofline of one thread: $(grep -vc '^warning: ' out.txt) lines, not 1 + 5 + 1"
grep -q '^ridge point of 1 thread: fp32 [0-9.]*, bf16 [0-9.]* FLOP/byte' out.txt || fail "no ridge point: $(cat out.txt)"
grep -q '^warning: ZOGAP_ISA caps' out.txt || fail "roofline does not warn of ZOGAP_ISA: $(cat out.txt)"
ZOGAP_ISA=avx2 expect 0 '^| peak | int8 |' roofline --threads 1 --format markdown
ZOGAP_ISA=portable expect 0 '"quantity": "copy"' roofline --format json
if command -v python3 >/dev/null; then
  python3 - out.txt p1/roofline.csv <<'PY' || fail "the rows of roofline do not hold together"
import csv, json, sys
rows = json.load(open(sys.argv[1]))
assert {(r["quantity"], r["dtype"]) for r in rows} == \
       {("peak", "fp32"), ("peak", "bf16"), ("peak", "int8"), ("read", None), ("copy", None)}
for r in rows:
    capped = r["dtype"] == "int8" # bf16 is widened to fp32
    assert (r["value"] is None) == capped and (r["reason"] is not None) == capped and r["threads"] >= 1, r
    assert r["isa"] == (None if capped else "portable"), r
    assert r["unit"] == ("GFLOP/s" if r["quantity"] == "peak" else "GB/s"), r
for r in csv.DictReader(open(sys.argv[2])):
    assert r["threads"] == "1" and (r["value"] == "") == (r["reason"] != ""), r
    assert r["value"] == "" or float(r["value"]) >= float(r["median"]) > 0, r
    assert (r["array_bytes"] == "") == (r["quantity"] == "peak"), r
PY
fi

echo "== ladder"
ladder=(ladder --loop naive:gemm=reference --model tiny --batch 2 --threads 1 --quiet)
expect 0 'adapter *yes *dense writes a step 4 -> 1' "${ladder[@]}" --list
expect 0 '^[0-9]* rungs in 2 cases, about [0-9.]* ' "${ladder[@]}" --batch 2,4 --list
expect 0 '^-scored' "${ladder[@]}" --leave-one-out --out l1 "${quick[@]}"
expect 0 'the ratios multiply to' "${ladder[@]}" --out "l 2;touch evil" "${quick[@]}"
[ -e evil ] && fail "the result directory's name was run as a command"
mv "l 2;touch evil" l2
for f in ladder.csv ladder.gp samples.csv phases.csv summary.csv verify.csv meta.json roofline.csv; do
  [ -s "l1/$f" ] && [ -s "l2/$f" ] || fail "l1/$f or l2/$f is missing"
done
if command -v gnuplot >/dev/null; then
  grep -q '</svg>' l1/ladder.svg || fail "l1/ladder.svg is no drawing"
  grep -q '</svg>' l2/ladder.svg || fail "l2/ladder.svg is no drawing"
else
  echo "skipped: gnuplot is not installed"
fi
PATH=/nonexistent "$zogap" "${ladder[@]}" --order adapter,lazy --batch 2,4 --format csv "${quick[@]}" --out l3 >out.txt 2>err.txt ||
  fail "a ladder without gnuplot: $(cat err.txt)"
grep -q 'gnuplot is not installed' err.txt || fail "nothing says that gnuplot is absent: $(cat err.txt)"
cmp -s out.txt l3/ladder.csv || fail "ladder.csv differs from the standard output"
expect 0 '' compare l3 --format csv
cmp -s out.txt l3/ladder.csv || fail "compare of a ladder differs from its ladder.csv"
[ "$(wc -l <l3/ladder.csv)" = 9 ] || fail "l3/ladder.csv: $(wc -l <l3/ladder.csv) lines, not 1 + 2 cases x 4 rungs"
ls l3/*.svg >/dev/null 2>&1 && fail "a plot without gnuplot"
expect 0 '^| rung' "${ladder[@]}" --order adapter+lazy --format markdown --out l4 "${quick[@]}"
before=$(cat l2/ladder.csv | cksum)
expect 2 'already holds results' "${ladder[@]}" --out l2
[ "$(cat l2/ladder.csv | cksum)" = "$before" ] || fail "a refused ladder changed earlier results"
expect 0 '^engine,model' "${ladder[@]}" --order adapter,lazy --batch 2,4 --format csv "${quick[@]}" --out l3 --resume
if command -v python3 >/dev/null; then
  python3 - l1 l2 <<'PY' || fail "the rows of the ladders do not hold together"
import csv, json, math, statistics, sys
def read(name): return list(csv.DictReader(open(name)))
for d, kind in (sys.argv[1], "leave-one-out"), (sys.argv[2], "ladder"):
    rows, samples = read(d + "/ladder.csv"), read(d + "/samples.csv")
    meta = json.load(open(d + "/meta.json"))
    assert meta["command"] == "ladder" and meta["status"] == "complete"
    for s in meta["cases"][0]["sampling"]["subjects"]: # the check is the warm-up
        assert s["n_warmup_spans"] + s["n_pilot_spans"] == 1, s
    assert [r["engine"] for r in rows] == [e["label"] for e in meta["engines"]]
    assert [r["rung"] for r in rows] == [str(i) for i in range(len(rows))]
    assert all(r["kind"] == kind and r["verified"] == "1" and r["n"] == "6" for r in rows)
    wall = {(s["engine"], s["block"]): float(s["wall_s_per_step"]) for s in samples}
    engine = {r["name"]: r["engine"] for r in rows}
    product = 1
    for r in rows[1:]:
        a, b = engine[r["previous"]], r["engine"]
        if kind != "ladder" and r["name"] != "full":
            a, b = b, a
        paired = sorted(wall[a, str(i)] / wall[b, str(i)] for i in range(6))
        assert math.isclose(float(r["ratio_ci_low"]), paired[0], rel_tol=1e-7), r
        assert math.isclose(float(r["ratio_ci_high"]), paired[-1], rel_tol=1e-7), r
        paired = statistics.median(wall[engine["loop"], str(i)] / wall[r["engine"], str(i)] for i in range(6))
        assert math.isclose(float(r["speedup"]), paired, rel_tol=1e-7), r
        product *= float(r["ratio"])
    case = meta["ladder"]["cases"][0]
    if kind == "ladder":
        assert math.isclose(sum(float(r["gap_share"]) for r in rows[1:]), 1, rel_tol=1e-6)
        assert math.isclose(case["product_of_ratios"], product, rel_tol=1e-6)
        assert math.isclose(case["end_to_end"], float(rows[-1]["speedup"]), rel_tol=1e-6)
        assert [r["dense_writes"] for r in rows[:4]] == ["4", "4", "1", "0"]
        assert [r["name"] for r in rows if r["paper_has"] == "1"] == ["adapter", "lazy", "ragged", "scored", "paired"]
    else:
        assert all(r["gap_share"] == "" for r in rows)
PY
fi

expect 0 '' "${ladder[@]}" --order adapter,lazy --steps 1 --events none --out l6
[ "$(wc -l <l6/samples.csv)" = 25 ] || fail "a ladder takes $(wc -l <l6/samples.csv) lines of samples, not 1 + 4 rungs x 6 blocks"
"$zogap" "${ladder[@]}" --order adapter,lazy --steps 1 --events none --width 0.01 --out l7 >out.txt 2>err.txt &
pid=$!
await_lines 25 l7/samples.csv $pid
kill -INT $pid 2>/dev/null
wait $pid
[ "$(wc -l <l7/samples.csv)" -gt 25 ] || fail "a ladder does not heed --width"
# a case that is interrupted in its check costs nothing of those before: their ladder is written
"$zogap" "${ladder[@]}" --order adapter,lazy --batch 2,4 --steps 1 --blocks 6 --events none --out l5 >out.txt 2>err.txt &
pid=$!
await_lines 4 l5/summary.csv $pid
kill -INT $pid 2>/dev/null
wait $pid
[ $? = 130 ] || echo "note: the ladder was not interrupted"
[ "$(wc -l <l5/ladder.csv)" -ge 5 ] || fail "interrupted: the ladder of the finished case is missing"
[ -s l5/ladder.gp ] || fail "interrupted: the plot of the finished case is missing"

finish
