#!/usr/bin/env bash
# Installs what tests need of Python into target/python, when it is not there yet.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=tests/requirements.txt
if cmp -s "$wanted" target/python/installed.txt; then
  exit
fi
rm -rf target/python
python3 -m venv target/python
target/python/bin/pip install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" target/python/installed.txt
