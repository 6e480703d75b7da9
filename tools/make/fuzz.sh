#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS, starting from the golden messages and demo worlds.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "vivarium: cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2
  exit 1
fi
# libFuzzer's instrumentation is an unstable flag; this lets the stable compiler take it.
export RUSTC_BOOTSTRAP=1
for target in hello client_message client_latest server_message packet world_document world_gltf texture answer; do
  seeds=(tests/golden/frames tests/golden/packets tests/golden/bad)
  [ "$target" != world_document ] || seeds=(assets/worlds)
  [ "$target" != world_gltf ] || seeds=(tests/golden/gltf assets/models)
  [ "$target" != texture ] || seeds=(server/assets/tests/textures)
  [ "$target" != answer ] || seeds=(server/dialogue/tests/answers)
  corpus=fuzz/corpus/$target
  mkdir -p "$corpus"
  echo "== $target, ${FUZZ_SECONDS:-20} s"
  cargo fuzz run "$target" "$corpus" "${seeds[@]}" -- \
    -max_total_time="${FUZZ_SECONDS:-20}" -print_final_stats=1 -verbosity=0
done
