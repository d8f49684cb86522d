#!/usr/bin/env bash
# Everything that can be said about the code without running it.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/lib.sh"
cd "$ROOT"

step() { printf '\n== %s\n' "$*"; }

step "Rust: formatting"
cargo fmt --all --check
step "Rust: clippy"
cargo clippy --locked --workspace --all-targets -- -D warnings
step "Dependencies"
scripts/lint/dependencies.sh
step "Container image"
"$CACHE/venv/bin/hadolint" --config infra/docker/hadolint.yaml --failure-threshold warning infra/docker/Dockerfile
step "Shell"
git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck -x -P SCRIPTDIR
step "Console"
scripts/console/install.sh
(cd console && npm run --silent lint </dev/null)
step "Threat model"
"$CACHE/venv/bin/python" scripts/lint/threat_model.py
step "Credentials in the repository"
"$CACHE/venv/bin/python" scripts/lint/secrets.py
