#!/usr/bin/env bash
# get_data.sh [DIR] - downloads what the README's tables were measured on, and holds every file to its SHA-256: SST-2
# (GLUE) into DIR/sst2 and OPT's vocabulary and merges into DIR/opt-tokenizer.  DIR is data/ here by default.
#   zogap run --task sst2 --data DIR/sst2 --tokenizer DIR/opt-tokenizer
# What is there and right is left alone.  ZOGAP_DATA_MIRROR=URL takes URL/SST-2.zip, URL/vocab.json and URL/merges.txt.
set -euo pipefail

# SHA-256, file below DIR, URL
files=(
  "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa SST-2.zip https://dl.fbaipublicfiles.com/glue/data/SST-2.zip"
  "06b4d46c8e752d410213d9548eb27a54db70fda0319b6271fb8d59dead5e1cab opt-tokenizer/vocab.json https://raw.githubusercontent.com/facebookresearch/metaseq/main/projects/OPT/assets/gpt2-vocab.json"
  "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5 opt-tokenizer/merges.txt https://raw.githubusercontent.com/facebookresearch/metaseq/main/projects/OPT/assets/gpt2-merges.txt"
)

fail() {
  echo "zogap: $*" >&2
  exit 1
}
sum_of() { sha256sum "$1" | cut -d' ' -f1; }
download() { # download URL FILE
  if command -v curl >/dev/null; then
    curl -fsSL --retry 3 -o "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1"
  else
    fail "needs curl or wget"
  fi
}
unpack() { # unpack ZIP MEMBER FILE
  if command -v unzip >/dev/null; then
    unzip -p "$1" "$2" >"$3.part"
  elif command -v python3 >/dev/null; then
    python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$1" "$2" >"$3.part"
  else
    fail "needs unzip or python3"
  fi
  mv "$3.part" "$3"
}

case "${1-}" in
-h | --help)
  sed -n '2,6s/^# \?//p' "$0"
  exit
  ;;
esac
dir=${1-"$(dirname "${BASH_SOURCE[0]}")/../data"}
mkdir -p "$dir/sst2" "$dir/opt-tokenizer"
for entry in "${files[@]}"; do
  read -r sum name url <<<"$entry"
  file=$dir/$name
  if [ ! -e "$file" ]; then
    [ -n "${ZOGAP_DATA_MIRROR-}" ] && url=${ZOGAP_DATA_MIRROR%/}/$(basename "$name")
    echo "zogap: downloading $name" >&2
    download "$url" "$file.part" || { rm -f "$file.part"; fail "cannot download $url"; }
    got=$(sum_of "$file.part")
    [ "$got" = "$sum" ] || { rm -f "$file.part"; fail "$url has SHA-256 $got, not $sum: it is another file"; }
    mv "$file.part" "$file"
  elif got=$(sum_of "$file") && [ "$got" != "$sum" ]; then
    fail "$file has SHA-256 $got, not $sum: move it away, and run this again"
  fi
done
for name in train.tsv dev.tsv; do
  unpack "$dir/SST-2.zip" "SST-2/$name" "$dir/sst2/$name"
done
echo "ready: zogap run --task sst2 --data $dir/sst2 --tokenizer $dir/opt-tokenizer"
