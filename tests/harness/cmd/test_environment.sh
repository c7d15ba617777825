#!/usr/bin/env bash
# test_environment.sh ZOGAP MAKE_TINY_MODEL REFUSE_THREADS - the real binary under variables and limits: what is taken out, warned of and
# recorded, a standard output that libraries do not write to, teams that cannot be made, events that do not count.
. "$(dirname "$0")/../../support/shell.sh"
zogap=$(from_here "$1")
refuse=$(from_here "$3")
chmod 755 "$work" # for the user of the limit of processes

unset OMP_WAIT_POLICY
export ZOGAP_PEAKS=brief
make_tiny "$(from_here "$2")"
one=(--engines naive:gemm=reference --model tiny --batch 2 --threads 1)
quick=(--blocks 6 --steps 1 --events none --quiet)
libraries=$("$zogap" info --format json) || exit 1
has() { grep -q "\"$1\": {\"version\|^ *\"$1\": {" <<<"$libraries" && ! grep -A1 "\"$1\": {" <<<"$libraries" | grep -q missing; }

# has_no NAME=VALUE: nobody in this build reads the variable.
has_no() {
  case $1 in
  ONEDNN_* | DNNL_*) ! has onednn ;;
  OPENBLAS_*) ! has openblas ;;
  HWLOC_*) ! has hwloc ;;
  LIBPFM_*) ! has papi ;;
  *) false ;;
  esac
}

# run_with NAME=VALUE...: a run under these variables, its files in r, its streams in out.txt and err.txt.
run_with() {
  n=$((n + 1))
  rm -rf r
  env "$@" timeout 120 "$zogap" run "${one[@]}" "${quick[@]}" --format json --out r >out.txt 2>err.txt
  local code=$?
  sed -i ':again; N; $!b again; s/\n  / /g' err.txt # lines that were folded
  return $code
}

# in_meta KEY NAME: the value of NAME under machine.process.KEY of r/meta.json; "" where it has none.
in_meta() {
  sed -n "/^      \"$1\": {/,/^      }/s/^ *\"$2\": \"\(.*\)\",\{0,1\}\$/\1/p" r/meta.json
}

echo "== warned of"
while read -r setting; do
  name=${setting%%=*}
  run_with "$setting" || { fail "$setting: exit code $?: $(head -3 err.txt)"; continue; }
  grep -q "^warning: $name=.*: " err.txt || fail "$setting: no warning: $(cat err.txt)"
  grep -q "\"$name=" r/meta.json || fail "$setting: no warning in meta.json"
  [ -n "$(in_meta environment "$name")" ] || fail "$setting: not among meta.json's environment"
done <<'SETTINGS'
OMP_WAIT_POLICY=passive
OMP_WAIT_POLICY=active
GOMP_SPINCOUNT=10
OMP_STACKSIZE=8m
GOMP_STACKSIZE=4096
OMP_CANCELLATION=true
MALLOC_ARENA_MAX=1
MALLOC_PERTURB_=7
MALLOC_TOP_PAD_=65536
GLIBC_TUNABLES=glibc.malloc.mxfast=0
OMP_UNHEARD_OF=1
MALLOC_UNHEARD_OF=1
SETTINGS

echo "== taken out"
while read -r setting; do
  name=${setting%%=*}
  has_no "$setting" && continue
  run_with "$setting" || { fail "$setting: exit code $?: $(head -3 err.txt)"; continue; }
  grep -q "^warning: $name=.*was taken out" err.txt || fail "$setting: no warning: $(cat err.txt)"
  [ -n "$(in_meta environment_taken_out "$name")" ] || fail "$setting: not among what meta.json says was taken out"
  [ "$(head -c 1 out.txt)" = "[" ] || fail "$setting: the standard output begins with $(head -1 out.txt)"
done <<'SETTINGS'
ONEDNN_VERBOSE=1
DNNL_VERBOSE=2
DNNL_JIT_DUMP=1
OPENBLAS_VERBOSE=2
OMP_DISPLAY_ENV=true
OMP_DISPLAY_AFFINITY=true
LD_DEBUG=statistics
HWLOC_SYNTHETIC=pack:1 core:64 pu:2
HWLOC_XMLFILE=/home/nobody/machine.xml
HWLOC_COMPONENTS=synthetic
LIBPFM_DEBUG_STDOUT=1
SETTINGS
grep -q /home r/meta.json && fail "meta.json names a directory of a variable"

echo "== without effect"
while read -r setting; do
  name=${setting%%=*}
  run_with "$setting" || { fail "$setting: exit code $?: $(head -3 err.txt)"; continue; }
  grep -q "^warning: $name" err.txt && fail "$setting is warned of: $(grep "^warning: $name" err.txt)"
done <<'SETTINGS'
OMP_NUM_THREADS=1
OMP_DYNAMIC=true
OMP_NESTED=true
OMP_PLACES={0}
OMP_CANCELLATION=false
ONEDNN_VERBOSE=0
OPENBLAS_NUM_THREADS=1
LD_LIBRARY_PATH=/nowhere
LD_BIND_NOW=1
MALLOC_HOME=/opt/malloc
LD_PRELOAD=
SETTINGS

echo "== kernels below the processor's"
isa=$(sed -n 's/.*"isa_of_machine": "\(.*\)".*/\1/p' <<<"$libraries")
if [ "$isa" != portable ]; then
  run_with ZOGAP_ISA=portable
  grep -q '^warning: ZOGAP_ISA caps' err.txt || fail "ZOGAP_ISA=portable is not warned of"
  [ "$(in_meta kernels zogap)" = portable ] || fail "meta.json has other kernels: $(in_meta kernels zogap)"
  [ "$(in_meta kernels_of_processor zogap)" = "$isa" ] || fail "meta.json has another processor"
  for name in ONEDNN_MAX_CPU_ISA DNNL_MAX_CPU_ISA; do
    has onednn || break
    run_with "$name=SSE41"
    grep -q "^warning: oneDNN runs its sse41 kernels.*; unset $name" err.txt || fail "$name=SSE41: $(cat err.txt)"
    run_with "$name=ALL"
    grep -q '^warning: oneDNN' err.txt && fail "$name=ALL is warned of"
  done
  if has openblas; then
    run_with OPENBLAS_CORETYPE=Prescott
    grep -q '^warning: OpenBLAS runs its Prescott kernels.*; unset OPENBLAS_CORETYPE' err.txt ||
      fail "OPENBLAS_CORETYPE=Prescott: $(cat err.txt)"
  fi
fi

echo "== the standard output of score"
for setting in DNNL_VERBOSE=1 ONEDNN_VERBOSE=profile OPENBLAS_VERBOSE=2 OMP_DISPLAY_ENV=verbose; do
  for engine in onednn openblas fused; do
    env "$setting" timeout 120 "$zogap" score --engines $engine --model tiny --batch 2 --limit 2 --threads 1 >out.txt 2>err.txt || continue
    grep -q "^warning: ${setting%%=*}=.*was taken out" err.txt || has_no "$setting" || fail "$setting score: no warning: $(cat err.txt)"
    [ "$(cut -d, -f1 out.txt | grep -vc '^[0-9]')" = 1 ] || fail "$setting score --engines $engine: $(grep -v '^[0-9]' out.txt | head -3)"
  done
done

echo "== teams that cannot be made"
# refused PATTERN WORD...: exit code 4, and one line of ours with the pattern.
refused() {
  local pattern=$1
  shift
  n=$((n + 1))
  timeout 120 "$@" >out.txt 2>err.txt
  local code=$?
  [ $code = 4 ] || fail "exit code $code, not 4: $* ($(cat err.txt))"
  [ "$(grep -c '^zogap: ' err.txt)" = 1 ] && grep -q "^zogap: .*$pattern" err.txt || fail "no '$pattern': $* ($(cat err.txt))"
}
if [ "$(nproc)" -ge 2 ]; then
  two=(--engines naive:gemm=reference --model tiny --batch 2 --threads 2)
  for command in run ladder verify score; do
    case $command in ladder) words=(--model tiny --batch 2 --threads 2 --out no) ;; run) words=("${two[@]}" --out no) ;; *) words=("${two[@]}") ;; esac
    refused 'team of 2 threads.*OMP_STACKSIZE=100000G' env OMP_STACKSIZE=100000G "$zogap" $command "${words[@]}"
  done
  [ -e no ] && fail "a run without a team left its directory"
  for command in info roofline; do
    refused 'team of 2 threads.*GOMP_STACKSIZE=100000G' env GOMP_STACKSIZE=100000G "$zogap" $command --threads 2
  done
  refused 'OMP_STACKSIZE=16k' env OMP_STACKSIZE=16k "$zogap" verify "${two[@]}"
  refused 'OMP_STACKSIZE=1: the system refuses' env OMP_STACKSIZE=1 "$zogap" verify "${two[@]}"
  refused 'OMP_STACKSIZE=much: is no size' env OMP_STACKSIZE=much "$zogap" verify "${two[@]}"
  refused 'OMP_THREAD_LIMIT=1' env OMP_THREAD_LIMIT=1 "$zogap" verify "${two[@]}"
  if has openblas && command -v prlimit >/dev/null; then
    refused 'ulimit -v' prlimit --as=$((360 << 20)) "$zogap" verify "${two[@]}"
  fi
  # the trial has its thread, OpenMP does not: libgomp calls exit(1)
  refused 'a library ended the program' env LD_PRELOAD="$refuse" REFUSE_AFTER=1 "$zogap" verify "${two[@]}"
  refused 'team of 2 threads' env LD_PRELOAD="$refuse" REFUSE_AFTER=0 "$zogap" verify "${two[@]}"
  if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && command -v prlimit >/dev/null; then
    cp "$zogap" here && chmod -R a+rX . # the tree of the build may be closed to others
    refused 'team of 2 threads.*ulimit -u is 1' setpriv --reuid 65534 --clear-groups prlimit --nproc=1:1 ./here verify "${two[@]}"
  fi
fi

echo "== events that do not count"
timeout 120 "$zogap" run "${one[@]}" --blocks 6 --steps 1 --quiet --events instructions --format json --out e >out.txt 2>err.txt ||
  fail "--events instructions: exit code $?: $(cat err.txt)"
[ "$(grep -c '^warning: --events instructions: instructions: not counted: ' err.txt)" = 1 ] || fail "--events instructions: $(cat err.txt)"
grep -q '"--events instructions: ' e/meta.json || fail "meta.json does not warn of instructions"
timeout 120 "$zogap" run "${one[@]}" --blocks 6 --steps 1 --quiet --events instructions --strict --out f >out.txt 2>err.txt
[ $? = 4 ] || fail "--strict takes events that do not count"
timeout 120 "$zogap" run "${one[@]}" --blocks 6 --steps 1 --quiet --format json --out g >out.txt 2>err.txt
grep -q '^warning: --events' err.txt && fail "the default events are warned of: $(cat err.txt)"

finish
