#!/usr/bin/env bash
# test_gate_junit.sh ZOGAP MAKE_RESULTS PYTHON3 - does a JUnit reader that is not ours read what the gate writes?
set -u
zogap=$1
make_results=$2
python=${3:-python3}
"$python" -c 'import junitparser' 2>/dev/null || {
  echo "skipped: python3-junitparser is not installed"
  exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$make_results" 1 run --out="$work/old" --blocks=12 >/dev/null || exit 1
"$make_results" 1.2 run --out="$work/slow" --blocks=12 >/dev/null || exit 1
"$make_results" 1 run --out="$work/new" --blocks=12 >/dev/null || exit 1
gate() { # NAME DIR MAX-REGRESSION
  "$zogap" gate --baseline "$work/old" --candidate "$work/$2" --max-regression "$3" --junit "$work/$1.xml" \
    >/dev/null 2>&1
}
gate worse slow 5%
gate undecided new 0.1% # with a noise of 1 % nobody can tell
gate same new 5%
cd "$work" && "$python" - <<'EOF'
from junitparser import JUnitXml, Failure, Skipped

# two cases of fused each
for name, failures, skipped, result in (("worse", 2, 0, Failure), ("undecided", 0, 2, Skipped), ("same", 0, 0, None)):
    (suite,) = JUnitXml.fromfile(name + ".xml")
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) == (
        "zogap gate", 2, failures, 0, skipped), (name, suite)
    for case, batch in zip(suite, (16, 32)):
        assert case.name == f"fused, batch {batch}" and case.classname == "zogap.gate", case
        # older releases give one result, newer a list
        results = case.result if isinstance(case.result, list) else [case.result] if case.result else []
        assert [type(r) for r in results] == ([result] if result else []), (name, results)
        assert not results or "times the baseline" in results[0].message, results
print("junitparser reads all three")
EOF
