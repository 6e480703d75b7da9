#!/usr/bin/env bash
# Says what is missing on this machine and how to get it: require.sh rust|run|test|deny. Tells where
# something is: require.sh chromium|postgres
set -euo pipefail
cd "$(dirname "$0")/../.."

rust_min=1.95
node_min=20

fail() {
  printf 'vivarium: %s\n' "$@" >&2
  exit 1
}

# at_least FOUND WANTED: compares versions, part by part.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

require_rust() {
  command -v cargo >/dev/null && command -v rustc >/dev/null ||
    fail "Rust is missing: install it with https://rustup.rs (stable, $rust_min or newer)."
  local found
  found=$(rustc --version | awk '{ print $2 }')
  at_least "$found" "$rust_min" ||
    fail "Rust $found is too old, $rust_min or newer is needed: rustup update stable"
  command -v cc >/dev/null ||
    fail "a C compiler is missing; on Debian or Ubuntu: apt-get install -y build-essential"
}

require_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail "Node.js is missing: install version $node_min or newer with npm, from https://nodejs.org."
  local found
  found=$(node --version | tr -d v)
  at_least "$found" "$node_min" ||
    fail "Node.js $found is too old, $node_min or newer is needed: see https://nodejs.org."
}

find_chromium() {
  local name
  for name in "${VIVARIUM_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    # Ubuntu's `chromium-browser` is a script that only asks for a snap: a browser tells its version.
    if [ -n "$name" ] && type -P "$name" >/dev/null && "$name" --version >/dev/null 2>&1; then
      type -P "$name"
      return
    fi
  done
  return 1
}

require_chromium() {
  find_chromium >/dev/null && return
  local install="apt-get update && apt-get install -y --no-install-recommends chromium"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Chromium for the browser tests: $install"
    if ! (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) ||
      ! find_chromium >/dev/null; then
      fail "the package 'chromium' does not give a browser here (Ubuntu has only a snap)." \
        "Install Chromium or Google Chrome, or name one: VIVARIUM_CHROMIUM=/path/to/chrome make test"
    fi
    return
  fi
  fail "Chromium is missing for the browser tests. As root on Debian: $install" \
    "Or name one: VIVARIUM_CHROMIUM=/path/to/chrome make test"
}

# The folder with the programs of PostgreSQL.
find_postgres() {
  local folder
  for folder in /usr/lib/postgresql/*/bin "$(dirname "$(type -P initdb || echo /)")"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
      echo "$folder"
      return
    fi
  done
  return 1
}

require_postgres() {
  find_postgres >/dev/null && return
  local install="apt-get update && apt-get install -y --no-install-recommends postgresql"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing PostgreSQL for the tests of the store: $install"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql) &&
      find_postgres >/dev/null && return
  fi
  fail "PostgreSQL is missing for the tests of the store. As root on Debian or Ubuntu: $install"
}

require_redis() {
  type -P redis-server >/dev/null && return
  local install="apt-get update && apt-get install -y --no-install-recommends redis-server"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Redis for what dialogue shares: $install"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server) &&
      type -P redis-server >/dev/null && return
  fi
  fail "Redis is missing, for what dialogue shares. As root on Debian or Ubuntu: $install"
}

require_python() {
  python3 -c 'import ensurepip, venv' 2>/dev/null && return
  local install="apt-get update && apt-get install -y --no-install-recommends python3-venv"
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing Python for the tests of uploaded assets: $install"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv) &&
      python3 -c 'import ensurepip, venv' 2>/dev/null && return
  fi
  fail "Python with venv is missing for the tests of uploaded assets. As root on Debian or Ubuntu: $install"
}

require_deny() {
  command -v cargo-deny >/dev/null && return
  echo "installing cargo-deny (some minutes, once)"
  cargo install cargo-deny --locked
}

case "${1:-}" in
  rust) require_rust ;;
  run) require_rust && require_node ;;
  test) require_rust && require_node && require_chromium && require_postgres && require_redis && require_python ;;
  bench) require_rust && require_redis ;;
  deny) require_rust && require_deny ;;
  chromium) find_chromium ;;
  postgres) find_postgres ;;
  *) fail "usage: require.sh rust|run|test|bench|deny|chromium|postgres" ;;
esac
