#!/usr/bin/env bash
# Everything that must hold before a change is taken, stage by stage; stops at the first failure.
# The last line tells how many tests the runners reported.
set -euo pipefail
cd "$(dirname "$0")/../.."

logs=target/test-logs
mkdir -p "$logs"
rm -f "$logs"/*.log
# Colours would get between the numbers that are read from the logs.
export NO_COLOR=1 CARGO_TERM_COLOR=never
export CI="${CI:-1}"

# stage NAME COMMAND...: runs it, keeps what it says, tells how long it took.
stage() {
  local name=$1 began=$SECONDS status=0
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" 2>&1 | tee "$logs/$name.log" || status=$?
  if [ "$status" != 0 ]; then
    printf '\n== %s failed after %d s; its output is in %s\n' \
      "$name" "$((SECONDS - began))" "$logs/$name.log" >&2
    exit "$status"
  fi
  printf '== %s: done in %d s\n' "$name" "$((SECONDS - began))"
}

in_client() {
  (cd client-web && "$@")
}

# Whether a program may have a file system of its own here, as the test of a full disk needs.
has_small_disks() {
  unshare -rm mount -t tmpfs -o size=1m tmpfs "$logs" 2>/dev/null
}

rust_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    # `set -e` does not count in here, since `stage` looks at the status itself.
    cargo nextest run --workspace --no-fail-fast || return
    cargo test --workspace --doc
  else
    cargo test --workspace --no-fail-fast
  fi
}

browser_tests() {
  VIVARIUM_CHROMIUM=$(tools/make/require.sh chromium)
  export VIVARIUM_CHROMIUM
  in_client npm run --silent browser
}

has_small_disks || export VIVARIUM_NO_TMPFS=1
stage requirements tools/make/require.sh test
stage packages tools/make/client.sh install
stage python tools/make/python.sh
stage basisu tools/make/basisu.sh
stage format cargo fmt --all --check
stage clippy cargo clippy --workspace --all-targets --locked -- -D warnings
stage tidy cargo xtask tidy
stage typescript in_client npm run --silent check
stage lint in_client npm run --silent lint
stage vitest in_client npm run --silent test
stage rust rust_tests
stage client tools/make/client.sh
stage size in_client npm run --silent size
stage release cargo build --release --locked -p vivarium-host -p vivarium-bots
stage browser browser_tests

printf '\n== all stages passed in %d s\n' "$SECONDS"
[ "${VIVARIUM_NO_TMPFS:-}" != 1 ] ||
  printf '== NOT TESTED: a full disk (user namespaces are forbidden here, or VIVARIUM_NO_TMPFS=1)\n'
node tools/make/count-tests.mjs "$logs/rust.log" "$logs/vitest.log" "$logs/browser.log" |
  tee target/test-count
