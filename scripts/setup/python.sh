#!/usr/bin/env bash
# Test tools written in Python (an S3 server, a Dockerfile linter, LanceDB to read our tables with) in a virtual environment of their own.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
requirements=$ROOT/scripts/setup/requirements.txt
venv=$CACHE/venv
wanted=$(sha256sum "$requirements" | cut -d ' ' -f 1)

stamped "$venv/.stamp" "$wanted" && [ -x "$venv/bin/python" ] && exit 0
say "installing Python test tools: $(grep -v '^#' "$requirements" | tr '\n' ' ')"
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" </dev/null
stamp "$venv/.stamp" "$wanted"
