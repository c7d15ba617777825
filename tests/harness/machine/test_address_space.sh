#!/usr/bin/env bash
# test_address_space.sh ZOGAP - under any limit on the address space zogap ends: with its result, or with exit code 4
# and one line.  OpenBLAS, which waits for memory that never comes, is not let in.
set -u
zogap=$1
err=$(mktemp)
trap 'rm -f "$err"' EXIT
failures=0
codes=" "
for kib in 60000 150000 250000 350000 450000 550000 650000 750000 900000 1500000; do
  (ulimit -v $kib && exec timeout -s KILL 60 "$zogap" verify --model opt-mini --layers-resident 1 --batch 2 --threads 1 \
    >/dev/null 2>"$err" </dev/null)
  code=$?
  codes+="$code "
  lines=$(grep -c . "$err")
  case $code in
  0) continue ;;
  4) [ "$lines" = 1 ] && grep -q '^zogap: ' "$err" && continue ;;
  127) [ $kib -lt 150000 ] && continue ;; # the loader itself finds no room
  esac
  failures=$((failures + 1))
  echo "FAILED: ulimit -v $kib: exit code $code, $(head -c 300 "$err")"
done
echo "exit codes:$codes"
case $codes in
*" 0 "*) ;;
*) failures=$((failures + 1)) && echo "FAILED: never went through" ;;
esac
exit $((failures > 0))
