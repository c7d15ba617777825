#!/usr/bin/env bash
# check_readme_table.sh SOURCE PYTHON3 - the README's table is what splice_table.py makes of the results that it names, in
# 100 columns, and its picture is there.
set -u
source=$1 python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
results=$(sed -n '/^<!-- gap table -->/,/^<!-- end/s,.*](\(results/[^)]*[^)/]\)/*).*,\1,p' "$source/README.md")
cp "$source/README.md" "$work" || exit 1
"$python" -B "$source/scripts/splice_table.py" "$source/$results" "$work/README.md" || exit 1
diff "$source/README.md" "$work/README.md" || {
  echo "FAILED: scripts/splice_table.py $results README.md makes another table"
  exit 1
}
wide=$(sed -n '/^<!-- gap table -->/,/^<!-- end/p' "$work/README.md" | grep -E '^\|.{100}')
[ -z "$wide" ] || {
  printf 'FAILED: more than 100 columns:\n%s\n' "$wide"
  exit 1
}
picture=$(sed -n 's/^!\[.*\](\(.*\))$/\1/p' "$source/README.md")
[ -s "$source/$picture" ] || {
  echo "FAILED: no picture $picture"
  exit 1
}
