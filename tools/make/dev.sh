#!/usr/bin/env bash
# A server that is rebuilt and restarted when its sources change, next to a client that is rebuilt
# when its own do. Reload the page to see a change.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools/make/client.sh
(cd client-web && exec node_modules/.bin/vite build --watch --logLevel warn) &
watcher=$!
server=
stamp=$(mktemp)
stop() {
  kill "$watcher" 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -f "$stamp"
}
trap stop EXIT

changed() {
  [ -n "$(find shared server assets Cargo.toml Cargo.lock -newer "$stamp" -print -quit)" ]
}

while true; do
  touch "$stamp"
  if cargo build -p vivarium-host; then
    if [ -n "$server" ]; then
      kill "$server" 2>/dev/null || true
      wait "$server" 2>/dev/null || true
    fi
    target/debug/vivarium serve --listen "127.0.0.1:${PORT:-8080}" --data ./data &
    server=$!
  fi
  until changed; do
    sleep 1
  done
  echo "== something changed"
done
