#!/usr/bin/env bash
# Builds benches/peers, a workspace of its own, and runs the crowd in every library.
# N: numbers of avatars and clients, with commas; LIBRARIES: which, with commas, all when empty;
# PROFILE: release (as the project is built) or plain (cargo's own defaults).
set -euo pipefail
cd "$(dirname "$0")/../../benches/peers"

profile=${PROFILE:-release}
options=()
[ -z "${N:-}" ] || options+=(--people "$N")
[ -z "${LIBRARIES:-}" ] || options+=(--libraries "$LIBRARIES")

# bevy 0.20 asks for a newer compiler than the project's, and builds on this one.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target/peers}
cargo build --profile "$profile" --ignore-rust-version
exec "$CARGO_TARGET_DIR/$profile/vivarium-peers" "${options[@]}" \
  --json "$CARGO_TARGET_DIR/peers-$profile.json"
