#!/usr/bin/env bash
# all.sh run|test: makes this machine able to run (or also to test) the service. Safe to repeat; the second time it
# only looks. Steps stand in files of their own.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
purpose=${1:-run}
here=$ROOT/scripts/setup

"$here/toolchain.sh"
"$here/system.sh" "$purpose"
"$here/model.sh"
if [ "$purpose" = test ]; then
    "$here/nextest.sh"
    "$here/python.sh"
fi
