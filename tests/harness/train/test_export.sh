#!/usr/bin/env bash
# test_export.sh ZOGAP MAKE_TINY_MODEL MAKE_TRAINED - zogap export on the command line: what it writes, that zogap and
# other readers load it, that it is there whole or not at all, and one clear line of error.
set -u
zogap=$1
make_model=$2
make_trained=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
n=0

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s\n' "$*"
}

# expect CODE PATTERN ARGUMENT...: the exit code; for a failure, one line on the standard error that has the pattern.
expect() {
  local code=$1 pattern=$2 got
  shift 2
  n=$((n + 1))
  timeout 120 "$zogap" "$@" >out.txt 2>err.txt </dev/null
  got=$?
  [ "$got" = "$code" ] || fail "exit code $got, not $code: zogap $* ($(head -c 300 err.txt))"
  if [ "$code" != 0 ]; then
    [ "$(wc -l <err.txt)" = 1 ] || fail "not one line of error: zogap $*: $(cat err.txt)"
    grep -q -- "$pattern" err.txt || fail "no '$pattern' in the error of zogap $*: $(cat err.txt)"
  else
    grep -q -- "$pattern" out.txt || fail "no '$pattern' in the output of zogap $*: $(head -c 300 out.txt)"
  fi
}

mkdir tiny trained && "$make_model" tiny || exit 1
"$make_trained" trained tiny naive:gemm=reference steps.zo 12 || exit 1
"$make_trained" trained tiny fused steps-2.zo 7 || exit 1
cp -r trained before

echo "== what is written"
expect 0 'tuned: tiny after 12 steps of lozo:rank=2+nu=4' export trained --out tuned
grep -q 'naive:gemm=reference), fp32: 36 tensors, 0.5 MB in 1 file$' out.txt || fail "export says $(cat out.txt)"
[ "$(ls tuned | paste -sd' ')" = 'config.json merges.txt model.safetensors vocab.json' ] || fail "tuned holds $(ls tuned)"
expect 0 'fp16: 36 tensors, 0.2 MB in 1 file' export trained --out halves --dtype fp16 --file-mib 1 --at-step 5 --threads 1
expect 0 'as the training had them' export trained --out at10 --at-step 10
expect 0 'fused: tiny after 7 steps of lozo' export trained --engine fused --out fused --dtype bf16
cmp -s tuned/vocab.json tiny/vocab.json || fail "vocab.json is not the model's"
grep -q '"torch_dtype": "bfloat16"' fused/config.json || fail "config.json: $(cat fused/config.json)"
diff -r trained before >/dev/null || fail "export changed the training's directory"

echo "== what reads it"
for d in tuned halves fused; do
  expect 0 '^7,' score --engines naive:gemm=reference --model "$d" --limit 8 --probes 0 --threads 1
done
expect 0 '^7,' score --engines naive:gemm=reference --model tiny --limit 8 --probes 0 --threads 1
cp out.txt untrained.txt
expect 0 '^7,' score --engines naive:gemm=reference --model tuned --limit 8 --probes 0 --threads 1
cmp -s out.txt untrained.txt && fail "the tuned model scores as the untrained one"
if python3 -c 'import numpy' 2>/dev/null; then
  python3 - tuned tiny <<'PY' || fail "tuned/model.safetensors as others read it"
import json, struct, sys
import numpy as np

def read(d):
    with open(d + "/model.safetensors", "rb") as f:
        n = struct.unpack("<Q", f.read(8))[0]
        header, data = json.loads(f.read(n)), f.read()
    return header, {k: np.frombuffer(data[slice(*v["data_offsets"])], "<f4").reshape(v["shape"])
                    for k, v in header.items() if k != "__metadata__"}, n, len(data)

header, tuned, n, size = read(sys.argv[1])
_, base, _, _ = read(sys.argv[2])
assert n % 8 == 0 and header["__metadata__"] == {"format": "pt"}
ends = sorted(v["data_offsets"] for k, v in header.items() if k != "__metadata__")
assert ends[0][0] == 0 and ends[-1][1] == size and all(a[1] == b[0] for a, b in zip(ends, ends[1:]))
assert tuned.keys() == base.keys(), tuned.keys() ^ base.keys()
for name in tuned:
    same = np.array_equal(tuned[name], base[name])
    linear = any(x in name for x in ("_proj.weight", "fc1.weight", "fc2.weight"))
    assert tuned[name].shape == base[name].shape and same != linear, name
PY
fi

echo "== usage and bad input"
expect 2 'export takes a directory' export --out x
expect 2 'export takes one directory' export trained before --out x
expect 2 '--out: is missing' export trained
expect 2 '--out tuned: is already there' export trained --out tuned
expect 2 '--out tiny: is already there' export trained --out tiny
expect 2 '--dtype int8' export trained --out x --dtype int8
expect 2 '--engine onednn: trained was trained by naive:gemm=reference, fused' export trained --out x --engine onednn
expect 2 '--at-step 13: trained/steps.zo has 12 steps' export trained --out x --at-step 13
expect 2 '--at-step 0' export trained --out x --at-step 0
expect 2 '--file-mib 0' export trained --out x --file-mib 0
expect 2 '--batch' export trained --out x --batch 4
expect 3 'nowhere/steps.zo: cannot read: No such file' export nowhere --out x
expect 3 'tiny/steps.zo: cannot read: No such file' export tiny --out x
mkdir moved && cp trained/steps.zo moved && mv tiny elsewhere
expect 2 'model tiny, which moved/steps.zo began with' export moved --out x
expect 0 'x: tiny after 12 steps' export moved --out x --model elsewhere
rm -r x && cp -r elsewhere tiny
printf '\x3f' | dd of=tiny/model.safetensors bs=1 seek=$(($(stat -c %s tiny/model.safetensors) - 1)) conv=notrunc 2>dd.txt
expect 3 'the training began with weights of XXH3' export moved --out x
rm -r tiny && mv elsewhere tiny

echo "== torn and damaged files"
size=$(stat -c %s trained/steps.zo)
mkdir torn && head -c $((size - 1)) trained/steps.zo >torn/steps.zo
expect 0 'after 11 steps' export torn --out y
grep -q '^warning: torn/steps.zo: 39 bytes at its end, no whole record, were left out; it has 11 steps$' err.txt ||
  fail "torn: $(cat err.txt)"
mkdir damaged && cp trained/steps.zo damaged
printf '\xff' | dd of=damaged/steps.zo bs=1 seek=$((size - 200)) conv=notrunc 2>dd.txt
expect 3 'damaged/steps.zo: is damaged at byte' export damaged --out z
mkdir cut && head -c 100 trained/steps.zo >cut/steps.zo
expect 3 'cut/steps.zo: is cut short inside its head' export cut --out z
mkdir text && echo hello >text/steps.zo
expect 3 'text/steps.zo: is no file of steps' export text --out z

echo "== whole or not at all"
(failures=0; ulimit -f 64 && expect 4 'cannot write: File too large' export trained --out z; exit $failures) || fail "a full disk"
[ -e z ] && fail "z is there"
[ -z "$(find . -maxdepth 1 -name '.*.tmp')" ] || fail "left over: $(find . -maxdepth 1 -name '.*.tmp')"

echo "== synthetic weights"
mkdir mini && "$make_trained" mini opt-mini naive:gemm=reference steps.zo 3 || exit 1
expect 0 'note: --model opt-mini has synthetic weights' export mini --out mini-hf
expect 0 '^3,' score --engines naive:gemm=reference --model mini-hf --tokenizer tiny --limit 4 --probes 0 --threads 1

echo "== the model that comes with zogap, trained and exported"
expect 0 '' train --model opt-tiny --engines naive:gemm=reference,fused --steps 3 --eval-every 3 --threads 1 --quiet --out shipped
expect 0 'copied from the model: .*merges.txt' export shipped --out shipped-hf --engine fused
expect 0 '^3,' score --engines naive:gemm=reference --model shipped-hf --limit 4 --probes 0 --threads 1
[ -z "$(ls shipped/*.csv shipped/steps-2.zo 2>&1 >/dev/null)" ] || fail "shipped holds $(ls shipped)"

printf '%d commands, %d failures\n' "$n" "$failures"
[ "$failures" = 0 ]
