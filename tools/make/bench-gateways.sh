#!/usr/bin/env bash
# Gateways before language models, one beside the other: ours, litellm (of the tests) and
# @portkey-ai/gateway, which is installed into target/portkey when it is not there yet.
set -euo pipefail
cd "$(dirname "$0")/../.."

portkey=1.15.2
tools/make/python.sh
script=target/portkey/node_modules/@portkey-ai/gateway/build/start-server.js
if ! grep -qs "\"version\": \"$portkey\"" target/portkey/node_modules/@portkey-ai/gateway/package.json; then
  rm -rf target/portkey
  mkdir -p target/portkey
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix target/portkey \
    "@portkey-ai/gateway@$portkey"
fi
cargo bench -p vivarium-benches --bench gateways -- \
  --litellm "$PWD/target/python/bin/litellm" --portkey "$PWD/$script"
