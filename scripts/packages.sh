# packages.sh - sourced by quickstart.sh and test.sh: what zogap needs, and how to get it on Debian and Ubuntu.
# Gives need_packages NAME... (installs what is missing or stops) and want_packages NAME... (tries, and goes on).

zogap_build_packages=(gcc make cmake pkg-config git
  libopenblas-openmp-dev libdnnl-dev libhwloc-dev libcsv-dev libpapi-dev
  libjansson-dev libpcre2-dev libxxhash-dev libcunit1-dev)
# clang and its runtime for the fuzz targets; python3 reads what `compare` prints, junitparser what `gate` writes; torch
# and numpy for the independent check; gnuplot draws ladders; valgrind counts instructions, evenly on jemalloc; man,
# mandoc and the shells read pages and completions.
zogap_test_packages=(clang libclang-rt-dev python3 python3-torch python3-numpy python3-junitparser gnuplot-nox
  valgrind libjemalloc2 man-db mandoc zsh fish)
# What `dpkg-buildpackage` and its test need besides; nothing here installs them.
# shellcheck disable=SC2034
zogap_debian_packages=(debhelper devscripts lintian)
zogap_coverage_packages=(lcov) # of scripts/coverage.sh alone

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      printf '%s\n' "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "zogap: must install packages, but you are not root and there is no sudo." >&2
    return 1
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
    >/dev/null && return
  as_root apt-get update -qq &&
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
      >/dev/null
}

need_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "zogap: this is not a Debian or Ubuntu system, so nothing is installed for you." >&2
    echo "zogap: the build needs your system's equivalents of: $*" >&2
    return 0 # CMake says exactly what is absent, if anything is
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" = 0 ] && return 0
  echo "zogap: installing ${missing[*]}" >&2
  if ! apt_install "${missing[@]}"; then
    echo "zogap: could not install: ${missing[*]}" >&2
    echo "zogap: install them by hand: apt-get install ${missing[*]}" >&2
    return 1
  fi
}

want_packages() {
  command -v apt-get >/dev/null || return 0
  local package
  for package in $(missing_packages "$@"); do
    echo "zogap: installing $package (optional)" >&2
    apt_install "$package" || echo "zogap: going on without $package: its tests are skipped" >&2
  done
}
