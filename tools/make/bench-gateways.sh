#!/usr/bin/env bash
# Gateways before language models, one beside the other: ours, litellm (of the tests) and
# @portkey-ai/gateway, which is installed into target/portkey when it is not there yet.
set -euo pipefail
cd "$(dirname "$0")/../.."

portkey=1.15.2
# Of later ones the gateway's streams end in "TypeError: immutable".
node_server=1.13.8
tools/make/python.sh
folder=target/portkey
wanted="{\"name\":\"portkey\",\"private\":true,\"dependencies\":{\"@portkey-ai/gateway\":\"$portkey\"},\
\"overrides\":{\"@hono/node-server\":\"$node_server\"}}"
if [ "$(cat $folder/package.json 2>/dev/null)" != "$wanted" ] || [ ! -d $folder/node_modules ]; then
  rm -rf $folder
  mkdir -p $folder
  echo "$wanted" >$folder/package.json
  npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --prefix $folder
fi
script=$folder/node_modules/@portkey-ai/gateway/build/start-server.js
cargo bench -p vivarium-benches --bench gateways -- \
  --litellm "$PWD/target/python/bin/litellm" --portkey "$PWD/$script"
