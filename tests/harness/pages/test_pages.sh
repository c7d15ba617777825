#!/usr/bin/env bash
# test_pages.sh ZOGAP SHARE ZOGAP_PAGES - the man pages and completions below SHARE: they tell of every option that the
# program's help has, read without a warning, and complete.  man, mandoc, zsh and fish are asked where they are installed.
. "$(dirname "$0")/../../support/shell.sh"
shopt -s extglob
zogap=$(from_here "$1")
share=$(from_here "$2")
pages=$(from_here "$3")

has() {
  command -v "$1" >/dev/null 2>&1 || {
    echo "   (no $1 here)"
    return 1
  }
}

man=$share/man/man1
bash_file=$share/bash-completion/completions/zogap
zsh_file=$share/zsh/site-functions/_zogap
fish_file=$share/fish/vendor_completions.d/zogap.fish
mapfile -t commands < <("$zogap" help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
[ "${#commands[@]}" -ge 9 ] || fail "zogap help lists ${#commands[@]} commands"

# options COMMAND: as its help has them.
options() {
  "$zogap" help "$1" --all | sed -n 's/^  --\([a-z-]*\).*/\1/p'
}

echo "== every option is in every page"
for command in "${commands[@]}"; do
  [ -s "$man/zogap-$command.1" ] || fail "no page zogap-$command(1)"
  for option in $(options "$command"); do
    grep -q -- "^\\\\fB\\\\-\\\\-${option//-/\\\\-}\\\\fR" "$man/zogap-$command.1" || fail "zogap-$command(1) lacks --$option"
    grep -q -- " --$option " "$bash_file" || fail "bash lacks --$option"
    grep -q -- "'--${option}[=[]" "$zsh_file" || fail "zsh lacks --$option"
    grep -q -- "__zogap_is $command' -l $option " "$fish_file" || fail "fish lacks $command --$option"
  done
done
for section in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' ENVIRONMENT FILES EXAMPLES 'SEE ALSO'; do
  grep -q "^\.SH $section\$" "$man/zogap-run.1" || fail "zogap-run(1) has no $section"
done

echo "== man pages are read without a warning"
for page in "$man"/*.1; do
  if has mandoc >"$work/no"; then
    mandoc -Tlint -W warning "$page" >"$work/lint" 2>&1 || true
    [ -s "$work/lint" ] && fail "$(head -3 "$work/lint")"
  fi
  if has man >"$work/no"; then
    man --warnings -E UTF-8 -l "$page" >"$work/text" 2>"$work/lint" </dev/null
    [ -s "$work/lint" ] && fail "$page: $(head -3 "$work/lint")"
    grep -q 'SEE ALSO' "$work/text" || fail "$page: man shows no SEE ALSO"
  fi
done

echo "== bash completes"
# complete WORD...: what stands in the reply when the last word is completed, in alphabetical order.
complete_bash() {
  COMP_WORDS=(zogap "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _zogap
  printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd' ' -
}
# expect WANTED WORD...
expect_bash() {
  local wanted=$1 got
  shift
  got=$(complete_bash "$@")
  [ "$got" = "$wanted" ] || fail "bash completes '$*' to '$got', not '$wanted'"
}
mkdir -p "$work/here/models" "$work/here/a dir" && touch "$work/here/mine.json" "$work/here/more.txt"
cd "$work/here" || exit 1
complete -r zogap 2>/dev/null
# shellcheck disable=SC1090
source "$bash_file"
complete -p zogap | grep -q _zogap || fail "bash does not know whom to ask"
expect_bash 'roofline' ro
expect_bash 'run' run
expect_bash '--help --version' --
expect_bash 'naive' run --engines nai
expect_bash 'naive,fused' run --engines naive,fu
expect_bash 'fused' run --engines = fu # as readline cuts --engines=fu
expect_bash 'naive' verify --baseline = nai
expect_bash 'fp32' run --dtype f
expect_bash 'opt-1.3b opt-125m opt-13b' run --model opt-1
expect_bash 'models' run --model mod
expect_bash 'sst2' run --task ss
expect_bash 'mine.json models more.txt multirc' run --task m
expect_bash 'a dir models' run --data ''
expect_bash 'models' compare m
expect_bash 'models' compare models m
expect_bash 'json jsonl' run --format j
expect_bash 'json' info --format j
expect_bash 'seconds' gate --measure s
expect_bash '--max-regression --max-rows --max-time' gate --max
expect_bash '--max-rows --max-time' run --brief --max
expect_bash 'gate' help ga
expect_bash '@mine.json @models @more.txt' run @m
expect_bash 'threads' compare --across th
expect_bash 'threads,seed' compare --across threads,seed
expect_bash '' run --batch ''
expect_bash 'onednn' run --engines = naive : gemm = one # as readline cuts it, and takes the last piece
expect_bash 'onednn' run --engines naive : gemm = one
expect_bash 'gemm=onednn gemm=openblas gemm=reference' run --engines naive : gemm
expect_bash 'dtype=bf16' run --engines naive,fused : dtype=b
expect_bash 'openblas' ladder --loop naive : gemm = open
expect_bash 'mechanisms=-trie' run --engines fused : mechanisms=-tri
expect_bash '-scored+-trie' run --engines fused : mechanisms = -scored+-tri
expect_bash 'rank=' run --algorithm lozo : ra
expect_bash 'lozo:rank=2+nu=' run --algorithm lozo:rank=2+n # a shell that does not cut at a colon
expect_bash '--engines=naive:gemm=onednn' run --engines=naive:gemm=one
expect_bash '' run --engines nobody :
expect_bash 'fused' score --engines fus
expect_bash 'lm-prompt' score --objective lm
expect_bash '' ladder --basel
expect_bash '' dance --e

echo "== zsh completes"
# A line is typed into a zsh on a terminal of its own, then a tab, and a key that prints what the line is now.
cat >"$work/type.zsh" <<'EOF'
zmodload zsh/zpty
zpty typed zsh -f
zpty -w typed "PS1=; unsetopt beep; fpath=(${1:h} \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w typed "show() { print -r -- \"<\$BUFFER>\" }; zle -N show; bindkey '^T' show; bindkey '^I' complete-word"
zpty -w typed 'print rea""dy'
zpty -r typed seen '*ready*'
zpty -n -w typed "$2"$'\t\x14'
zpty -r typed seen '*<zogap*>*'
print -r -- "$seen"
EOF
# expect WANTED LINE
expect_zsh() {
  local got
  got=$(HOME=$work timeout 60 zsh -f "$work/type.zsh" "$zsh_file" "$2" </dev/null | sed -n 's/.*<\(zogap[^>]*\)>.*/\1/p')
  got=${got%%*([[:space:],=])} # what zsh puts behind a word, for the next one
  [ "$got" = "$1" ] || fail "zsh completes '$2' to '$got', not '$1'"
}
if has zsh; then
  zsh -n "$zsh_file" || fail "zsh: $zsh_file"
  expect_zsh 'zogap roofline' 'zogap ro'
  expect_zsh 'zogap run --engines naive,fused' 'zogap run --engines naive,fu'
  expect_zsh 'zogap run --engines fused,naive:gemm=openblas' 'zogap run --engines fused,naive:gemm=open'
  expect_zsh 'zogap run --engines=fused:mechanisms=-scored+-trie' 'zogap run --engines=fused:mechanisms=-scored+-tri'
  expect_zsh 'zogap run --algorithm lozo:rank' 'zogap run --algorithm lozo:ra'
  expect_zsh 'zogap run --model opt-13b' 'zogap run --model opt-13'
  expect_zsh 'zogap run --model models/' 'zogap run --model mod'
  expect_zsh 'zogap run --task mine.json' 'zogap run --task mi'
  expect_zsh 'zogap run --format markdown' 'zogap run --format m'
  expect_zsh 'zogap gate --baseline-bin' 'zogap gate --baseline-'
  expect_zsh 'zogap compare models/' 'zogap compare mod'
  expect_zsh 'zogap help gate' 'zogap help ga'
  expect_zsh 'zogap run @mine.json' 'zogap run @mi'
fi

echo "== fish completes"
if has fish; then
  fish --no-execute "$fish_file" || fail "fish: $fish_file"
  # expect WANTED LINE
  expect_fish() {
    local got
    got=$(HOME=$work XDG_CONFIG_HOME=$work fish -c "source '$fish_file'; complete -C'$2'" | cut -f1 | LC_ALL=C sort | paste -sd' ' -)
    [ "$got" = "$1" ] || fail "fish completes '$2' to '$got', not '$1'"
  }
  expect_fish 'roofline' 'zogap ro'
  expect_fish 'naive,fused' 'zogap run --engines naive,fu'
  expect_fish '--engines=fused' 'zogap run --engines=fu'
  expect_fish 'fused,naive:gemm=openblas' 'zogap run --engines fused,naive:gemm=open'
  expect_fish 'fused:mechanisms=-scored+-trie' 'zogap run --engines fused:mechanisms=-scored+-tri'
  expect_fish 'lozo:rank=' 'zogap run --algorithm lozo:ra'
  expect_fish 'opt-1.3b opt-125m opt-13b' 'zogap run --model opt-1'
  expect_fish 'models/' 'zogap compare mod'
  expect_fish 'json jsonl' 'zogap run --format j'
  expect_fish '--max-regression --max-rows --max-time' 'zogap gate --max'
  expect_fish 'gate' 'zogap help ga'
  expect_fish '@mine.json' 'zogap run @mi'
fi

echo "== what cannot be written is told"
cd "$work" || exit 1
"$pages" "$work/nowhere" 2026-01-01 2>err.txt && fail "pages were written to nowhere"
grep -q 'zogap_pages: .*/nowhere/man/man1/zogap.1: ' err.txt || fail "not told: $(cat err.txt)"
"$pages" 2>err.txt && fail "no usage"
grep -q 'usage: zogap_pages DIR DATE' err.txt || fail "no usage: $(cat err.txt)"

[ "$failures" = 0 ] && echo "all passed"
exit $((failures > 0))
