#!/usr/bin/env bash
# The stores that `make peers` measures beside ours, in a virtual environment of their own (about 1 GB); nothing else needs them.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
requirements=$ROOT/scripts/setup/requirements-peers.txt
venv=$CACHE/peers
wanted=$(sha256sum "$requirements" | cut -d ' ' -f 1)

stamped "$venv/.stamp" "$wanted" && [ -x "$venv/bin/python" ] && exit 0
say "installing other stores: $(grep -v '^#' "$requirements" | tr '\n' ' ')"
rm -rf "$venv"
python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" </dev/null
stamp "$venv/.stamp" "$wanted"
