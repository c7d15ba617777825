#!/usr/bin/env bash
# test_messages.sh ZOGAP MAKE_TINY_MODEL - what the program says and writes where something is in the way: an output that
# takes no more, names that are no text, choices that nothing has, lists, ranges and numbers.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
failures_print_nothing=1

# full CODE ARGUMENT...: the same with a standard output on a full disk.
full() {
  local code=$1
  shift
  n=$((n + 1))
  timeout 120 "$zogap" "$@" >/dev/full 2>err.txt </dev/null
  local got=$?
  [ "$got" = "$code" ] || fail "on a full standard output: exit code $got, not $code: zogap $* ($(head -c 300 err.txt))"
  [ "$(wc -l <err.txt)" = 1 ] && grep -qx 'zogap: \(score: \)\?standard output: No space left on device' err.txt ||
    fail "a full standard output: zogap $*: $(cat err.txt)"
}

# leave CODE ARGUMENT...: the same with a reader that goes after one line, or before it.
leave() {
  local code=$1 got
  shift
  n=$((n + 1))
  { timeout 120 "$zogap" "$@" 2>err.txt </dev/null; echo $? >code.txt; } | true
  got=$(cat code.txt)
  [ "$got" = "$code" ] || fail "without a reader: exit code $got, not $code: zogap $* ($(head -c 300 err.txt))"
  [ -s err.txt ] && fail "without a reader, zogap $* says $(cat err.txt)"
}

make_tiny "$2"
one=(--engines naive:gemm=reference --model tiny --batch 2 --threads 1)
two=(--engines "naive:gemm=reference,naive:gemm=reference" --model tiny --batch 2 --threads 1)
quick=(--blocks 6 --steps 1 --events none --fidelity 0)
export ZOGAP_PEAKS=brief

echo "== an output that takes no more"
for format in table csv; do
  full 4 run "${one[@]}" "${quick[@]}" --format $format --out "full-$format"
  grep -q '"status": "complete"' "full-$format/meta.json" || fail "a full standard output spoilt the results"
done
leave 141 run "${one[@]}" "${quick[@]}" --out left
grep -q '"status": "complete"' left/meta.json || fail "a reader that left spoilt the results"
expect 0 '' run "${one[@]}" "${quick[@]}" --out whole
for arguments in --help --version 'run --help' info 'info --format json' 'roofline --threads 1' 'compare whole' \
  'compare whole left' 'compare whole left --format sql' 'compare whole --format json' 'compare whole --format jsonl' \
  'compare whole --format markdown' 'compare whole left --machines' \
  'gate --baseline whole --candidate left --measure seconds --max-regression 1000%' 'run --list --model tiny --batch 2,4' 'ladder --list --model tiny --batch 2'; do
  full 4 $arguments
  leave 141 $arguments
done
full 4 verify "${two[@]}"
full 4 score "${one[@]}" --limit 40
leave 141 score "${one[@]}"
"$zogap" score "${one[@]}" 2>err.txt | head -1 >out.txt
grep -q '^example,probe' out.txt || fail "score | head -1: $(cat out.txt)"
[ -s err.txt ] && fail "score | head -1 says $(cat err.txt)"
n=$((n + 1))
"$zogap" score "${one[@]}" --limit 2 >&- 2>err.txt
[ $? = 4 ] || fail "a closed standard output is not exit code 4"
[ "$(cat err.txt)" = 'zogap: standard output: it is closed' ] || fail "a closed standard output: $(cat err.txt)"
# a verdict is worth more than its table
"$zogap" verify "${two[@]}" --lr 1e30 >/dev/full 2>err.txt
[ $? = 1 ] || fail "verify that fails on a full standard output: $(cat err.txt)"

echo "== names that are no text"
odd=$'o\xff\n"<&>,%s\x1b[1m`|\xc2\x9b'
mkdir "$odd" && cp -r tiny "$odd/$odd" && cp tiny/* "$odd/"
printf '{"name": "t", "data": {"train": "%s"}, "template": "{text} It was", "options": [" bad", " good"], "label": "l"}' \
  's,".tsv' | sed 's/s,"/s,\\"/' >"$odd/$odd.json"
sed -i 's/"label": "l"/"label": "l", "delimiter": "\\t", "quote": ""/' "$odd/$odd.json"
{ printf 'text\tl\n' && for i in 1 2 3 4; do printf 'a fine day\t1\na day\t0\n'; done; } >"$odd/s,\".tsv"
named=(run --engines naive:gemm=reference --model "$odd" --task "$odd/$odd.json" --data "$odd" --tokenizer "$odd/$odd"
  --batch 2 --threads 1 "${quick[@]}" --tag "who=$odd")
for format in table csv json; do
  expect 0 '' "${named[@]}" --out "$odd/r-$format" --format $format
  cat out.txt err.txt >"said-$format.txt"
done
for format in markdown jsonl sql; do
  expect 0 '' compare "$odd/r-csv" --format $format
  cp out.txt "said-$format.txt"
done
grep -q '\\<&>\|\\<\\&>,%s' said-markdown.txt || fail "Markdown takes HTML for HTML: $(cat said-markdown.txt)"
cp -r "$odd/r-csv" "$odd/r-2"
expect 0 '' "${named[@]}" --out "$odd/r-json" --format json --resume
[ "$(wc -l <"$odd/r-json/samples.csv")" = 7 ] || fail "resumed under an odd name, a case is measured again"
expect 0 '' compare "$odd/r-csv" "$odd/r-2"
cat out.txt err.txt >said-compare.txt
expect 0 '' compare "$odd/r-csv" "$odd/r-2" --format json
cp out.txt compare.json
"$zogap" gate --baseline "$odd/r-csv" --candidate "$odd/r-2" --measure seconds --max-regression 1000% --junit "$odd/j.xml" --markdown "$odd/m.md" --json "$odd/g.json" \
  >said-gate.txt 2>&1
expect 0 '' ladder --loop naive:gemm=reference --model "$odd" --task "$odd/$odd.json" --order adapter --batch 2 --threads 1 \
  "${quick[@]}" --out "$odd/l"
cat out.txt err.txt >said-ladder.txt
sad=${odd/,/} # a comma makes a list
for arguments in run score verify; do
  expect 3 'o\\xff\\n"<&>%s\\x1b\[1m`|\\xc2\\x9b' $arguments --engines fused --model "$sad/none" --batch 2
  expect 3 'o\\xff\\n"' $arguments --engines fused --model tiny --task "$sad.json" --batch 2
  expect 2 'o\\xff\\n"' $arguments --engines "$sad" --model tiny
  expect 2 'o\\xff\\n"' $arguments "--$odd"
done
expect 3 'o\\xff\\n"' run "@$odd"
expect 2 'o\\xff\\n"' "$odd"
expect 3 'o\\xff\\n"' compare "$odd/none"
expect 3 'o\\xff\\n"' gate --baseline-bin "$odd/none" --candidate-bin "$odd/none" --model tiny
if command -v python3 >/dev/null; then
  python3 - "$odd" <<'PY' || fail "a file holds what is no text"
import csv, glob, io, json, os, sys, unicodedata, xml.etree.ElementTree as xml
odd = os.fsencode(sys.argv[1])
shown = 'o\\xff\\n"<&>,%s\\x1b[1m`|\\xc2\\x9b'
files = [os.path.join(d, f) for d, _, fs in os.walk(odd) for f in fs] + [os.fsencode(f) for f in glob.glob("said-*")]
texts = {}
for f in files:
    if not f.endswith((b".csv", b"meta.json", b"g.json", b".xml", b".md", b".gp", b".svg", b".txt")):
        continue
    try:
        text = texts[f] = open(f, "rb").read().decode()
    except UnicodeDecodeError as error:
        sys.exit(f"{f}: {error}: {error.object[max(0, error.start - 60):error.end + 20]}")
    assert not [c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")], f
    if f.endswith(b".csv"):
        rows = list(csv.reader(io.StringIO(text)))
        assert all(len(r) == len(rows[0]) for r in rows), f
        if not f.endswith(b"roofline.csv"):
            assert all(shown in r[rows[0].index("model")] for r in rows[1:]), (f, rows[1])
    if f.endswith(b".json"):
        json.loads(text)
    if f.endswith((b".xml", b".svg")):
        xml.fromstring(text)
meta = json.loads(texts[odd + b"/r-csv/meta.json"])
assert meta["tags"]["who"] == shown, meta["tags"]
assert shown in meta["cases"][0]["model"]["name"] and shown in json.dumps(meta["command_line"], ensure_ascii=False).replace("\\\\", "\\").replace('\\"', '"')
assert shown in json.load(open("compare.json"))[0]["model"]
assert any(f.endswith(b".gp") for f in texts)
PY
  grep -q 'results in .*o\\xff\\n"' said-table.txt || fail "the table does not name its directory: $(cat said-table.txt)"
fi
# as long as paths may be, the reason stays
long=$(printf 'd%.0s' $(seq 250))
for _ in 1 2 3; do long=$long/${long%%/*}; done
expect 3 'No such file or directory$' compare "$long"
expect 4 'No space left on device$\|Not a directory; must be' run "${one[@]}" "${quick[@]}" --out "tiny/config.json/$long"

echo "== choices, lists, numbers"
tiny=(--model tiny --threads 1 --quiet)
expect 2 '--dtype fp16: no engine of this build has fp16; they have fp32, bf16, int8' run "${tiny[@]}" --dtype fp16
expect 2 'engine fused has no dtype fp16; it has fp32' run "${tiny[@]}" --engines fused:dtype=fp16
expect 2 'no engine of this list that takes it has adapter' run "${one[@]}" --mechanisms adapter
expect 2 '--batch 2,4: a list is a sweep, and this command takes one case' score "${one[@]}" --batch 2,4
expect 2 '--engines naive,fused: score takes one engine' score "${tiny[@]}" --engines naive,fused
score_help=$("$zogap" score --help --all)
[[ $score_help = *'(list: sweep)'* ]] && fail "score --help speaks of lists"
[[ $score_help = *'all of this build'* ]] && fail "score --help speaks of all engines"
expect 2 '--batch 4 is listed twice\|4 is listed twice, as 4' run "${one[@]}" --batch 4,4-8+4
expect 2 'is listed twice, as 1e-3' run "${one[@]}" --eps 1e-3,0.001
expect 2 './tiny is listed twice, as tiny' run "${one[@]}" --model tiny,./tiny
expect 2 'more than 1000 values; a step, as 4-16+4, or a factor' run "${one[@]}" --batch 1-100000
expect 2 'a list (4,16) or a range (4-16+4, 1-64\*2) is a sweep' run "${one[@]}" --batch x
expect 0 '^4 cases, about' run "${one[@]}" --batch 1-8*2 --list
expect 0 '^1 case, about' run "${one[@]}" --list
expect 2 '--probes: 0.0 is listed twice, as 0' score "${one[@]}" --probes 0,0.0
for value in '' +4 0x4 4e0 ' 4' '4 ' 4.0 nan 99999999999999999999; do
  expect 2 '--batch' run "${tiny[@]}" --batch "$value"
  expect 2 '--threads' run --threads "$value"
  expect 2 '--blocks' run --blocks "$value"
  expect 2 '--rank' verify --rank "$value"
done
for value in '' +1 0x1p3 1e400 1e-400 inf nan ' 1' '1 ' 1,5; do
  expect 2 '--max-time' run --max-time "$value"
  expect 2 '--lr' score --lr "$value"
done
expect 2 '--out -: must be a directory' run "${one[@]}" --out -
[ -e - ] && fail "--out - made a directory"
expect 2 '--junit: -: must be a file' gate --baseline whole --candidate left --junit -
expect 4 '--markdown: no/m.md: cannot write: No such file' gate --baseline whole --candidate left --markdown no/m.md
expect 4 '--json: tiny: cannot write: Is a directory' gate --baseline whole --candidate left --json tiny
expect 0 '' score "${one[@]}" --limit 2 --limit 3
[ "$(cat err.txt)" = 'note: --limit is given more than once: 3 counts, not 2' ] || fail "of two --limit: $(cat err.txt)"
[ "$(wc -l <out.txt)" = 19 ] || fail "the last --limit does not count"

echo "== --list is checked as a run is, verify compares"
for arguments in '--limit 3 --batch 16' '--model opt-nonsense' '--model nowhere/x' '--task nofile.json' '--layers-resident 99' \
  '--out whole' '--resume' '--tokenizer nowhere' '--batch 100000' '--bos 99999999' '--data nowhere'; do
  "$zogap" run --engines fused "${tiny[@]}" $arguments >out.txt 2>run.txt
  code=$?
  expect $code '.' run --engines fused "${tiny[@]}" $arguments --list
  [ "$(cat run.txt)" = "$(cat err.txt)" ] || fail "--list $arguments says $(cat err.txt), a run $(cat run.txt)"
done
expect 4 'the weights take at least' run --model opt-30b --engines naive,fused,fused,fused,fused,fused,fused,fused --list
ls -d zogap-results 2>/dev/null && fail "--list left a directory"
expect 0 'naive:dtype=fp32' verify "${tiny[@]}" --engines fused --batch 2
expect 2 'name one more engine' verify "${tiny[@]}" --engines naive

echo "== columns"
mkdir columns && printf 'text\tlabel\tmore\nfine\t1\tx\n' >columns/t.tsv
printf '%s' '{"name": "t", "data": {"train": "t.tsv"}, "delimiter": "\t", "template": "{txt} It was", "options": [" a", " b"], "label": "label"}' >columns/t.json
expect 3 "t.tsv: task 't' needs column 'txt', the header has 3: 'text', 'label', 'more'; did you mean 'text'" \
  score "${one[@]}" --task columns/t.json

finish
