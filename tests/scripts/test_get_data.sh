#!/usr/bin/env bash
# test_get_data.sh SOURCE DATA - scripts/get_data.sh, from a mirror made here: what is right is kept, another file is
# refused and not left behind, and its own hashes are those of the real files where DATA has them.
set -u
source=$1 data=$2
command -v curl >/dev/null || command -v wget >/dev/null || { echo "needs curl or wget"; exit 77; }
command -v python3 >/dev/null || { echo "needs python3"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() {
  printf 'FAILED: %s\n' "$*"
  cat "$work/said"
  failures=$((failures + 1))
}
get() { # get WANTED_CODE WHAT DIR
  ZOGAP_DATA_MIRROR="file://$work/mirror" "$work/get_data.sh" "$3" >"$work/said" 2>&1
  [ $? = "$1" ] || fail "$2: exit code"
}

# A mirror, and a script that has its hashes.
mkdir "$work/mirror"
printf 'sentence\tlabel\na dud \t0\n' >"$work/train.tsv"
cp "$work/train.tsv" "$work/dev.tsv"
python3 - "$work" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + "/mirror/SST-2.zip", "w") as z:
    for name in ("train.tsv", "dev.tsv"):
        z.write(f"{sys.argv[1]}/{name}", f"SST-2/{name}")
END
echo '{}' >"$work/mirror/vocab.json"
echo '#version: 0.2' >"$work/mirror/merges.txt"
cp "$source/scripts/get_data.sh" "$work/get_data.sh"
for name in SST-2.zip vocab.json merges.txt; do
  sum=$(sha256sum "$work/mirror/$name" | cut -d' ' -f1)
  sed -i -E "s,\"[0-9a-f]{64} ([a-z-]*/?)$name ,\"$sum \\1$name ," "$work/get_data.sh"
done

command -v curl >/dev/null || { echo "wget has no file://: only the hashes are tested"; }
if command -v curl >/dev/null; then
  get 0 "a download" "$work/data"
  cmp -s "$work/train.tsv" "$work/data/sst2/train.tsv" && cmp -s "$work/mirror/vocab.json" "$work/data/opt-tokenizer/vocab.json" ||
    fail "a download: its files"
  mv "$work/mirror" "$work/gone"
  get 0 "what is there is not downloaded" "$work/data"
  get 1 "no network" "$work/none"
  grep -q "cannot download file://" "$work/said" || fail "no network: the message"
  mv "$work/gone" "$work/mirror"
  echo 'another' >"$work/data/opt-tokenizer/merges.txt"
  get 1 "another file that is there" "$work/data"
  grep -qE "merges.txt has SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}" "$work/said" || fail "another file that is there: the message"
  echo 'another' >"$work/mirror/vocab.json"
  get 1 "another file" "$work/fresh"
  grep -qE "vocab.json has SHA-256" "$work/said" || fail "another file: the message"
  [ -z "$(find "$work/fresh" -name 'vocab.json*')" ] || fail "another file is left behind"
fi

# The real script's hashes: those of the README, and of the real files.
for sum in $(grep -oE '"[0-9a-f]{64}' "$source/scripts/get_data.sh" | tr -d '"'); do
  grep -q "$sum" "$source/README.md" || fail "README.md has not $sum"
done
for name in vocab.json merges.txt; do
  file=$data/opt-tokenizer/$name
  [ -e "$file" ] || continue
  grep -q "\"$(sha256sum "$file" | cut -d' ' -f1) opt-tokenizer/$name " "$source/scripts/get_data.sh" || fail "the hash of $name"
done

echo "get_data: $failures failures"
[ "$failures" -eq 0 ]
