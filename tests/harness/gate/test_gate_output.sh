#!/usr/bin/env bash
# test_gate_output.sh ZOGAP MAKE_RESULTS - a gate's files on its standard output: they are whole there, and alone.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$1
for build in "1 run --out=old" "1.2 run --out=slow" "1 run --out=new"; do
  # shellcheck disable=SC2086 # words
  "$2" $build --blocks=12 >/dev/null || exit 1
done
gate=(gate --baseline old --candidate slow)

echo "== each file, into a pipe and into a file"
for file in json junit markdown; do
  run 1 "${gate[@]}" --$file "$file.want"
  for format in table csv; do
    timeout 60 "$zogap" "${gate[@]}" --$file /dev/stdout --format $format 2>err.txt | cat >got
    cmp -s got "$file.want" || fail "--$file /dev/stdout --format $format in a pipe: $(head -c 600 got)"
    run 1 "${gate[@]}" --$file /dev/stdout --format $format
    cmp -s out.txt "$file.want" || fail "--$file /dev/stdout --format $format in a file: $(head -c 600 out.txt)"
    grep -q 'fused, batch 16' err.txt || fail "the table is gone: $(cat err.txt)"
  done
  timeout 60 "$zogap" "${gate[@]}" --$file "$file.named" >"$file.named" 2>err.txt
  cmp -s "$file.named" "$file.want" || fail "--$file into the file that is the standard output: $(head -c 600 "$file.named")"
done
says err.txt 'above 1 is slower'
says err.txt '^zogap: gate: 2 of 2 cases worse'

echo "== what is not the standard output"
run 1 "${gate[@]}" --json other.json
says out.txt 'fused, batch 16'
one_line "a verdict"
timeout 60 "$zogap" "${gate[@]}" --json /dev/null >/dev/null 2>err.txt
one_line "nobody reads /dev/null, whatever is in it"

echo "== two files at once, and none"
expect 2 '--junit and --json: only one may be the standard output' "${gate[@]}" --json /dev/stdout --junit /dev/stdout
run 1 "${gate[@]}" --json /dev/stdout --junit j.xml
cmp -s out.txt json.want || fail "--json on the standard output, --junit in a file: $(head -c 600 out.txt)"
cmp -s j.xml junit.want || fail "--junit beside --json: $(cat j.xml)"
run 3 gate --baseline old --candidate nowhere --junit /dev/stdout
says out.txt '<error type="input" message="candidate: nowhere'
[ "$(grep -c '<testsuites' out.txt)" = 1 ] || fail "not one report: $(cat out.txt)"
one_line "no verdict"

finish
