"""Looks for credentials in the files of the repository.

Tokens whose form is known, ours among them, and values of names such as `token` that look like chance. What is found has to
go, or to stand in secrets-allowed.toml with the reason; a line of that file that meets nothing is refused as well. Before it
looks it shows itself one of each kind, so that a rule that finds nothing is not taken for a clean repository.

What is found is never printed: the file, the line, the rule, and the digest that the list would take.
"""

import hashlib
import math
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ALLOWED = Path("scripts/lint/secrets-allowed.toml")

# The part that is secret, or the whole match where no group says.
FORMS: dict[str, str] = {
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\n?\s*[A-Za-z0-9+/=\\n\s]{64,}",
    # 26 characters of the id, 64 hex digits of the secret, 8 of the checksum.
    "API key of ours": r"adb_[0-9A-Za-z]{26}_[0-9a-f]{72}",
    "operator's key of ours": r"adm_[0-9A-Za-z]{16,}_?[0-9A-Za-z]{24,}",
    "webhook secret": r"whsec_[A-Za-z0-9+/]{32,}={0,2}",
    "AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "Slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{20,}",
    "Stripe key": r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}",
    "Google API key": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "SendGrid key": r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "model provider's key": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}",
    "Hugging Face token": r"\bhf_[A-Za-z]{34}\b",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
    "crates.io token": r"\bcio[A-Za-z0-9]{32}\b",
    "Azure account key": r"AccountKey=([A-Za-z0-9+/]{80,}={0,2})",
    "JSON web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}",
    "password in a URL": r"[a-z][a-z0-9+.-]*://[^\s:/@\"'<>{}$]+:([^\s@\"'<>{}$*]{12,})@[^\s/\"']*\.[a-z]{2,}",
}

# A name that promises a secret, and a value in quotation marks (or bare, to the end of the line, as in .env files).
NAMED = re.compile(
    r"""(?ix) [a-z0-9_.-]* (?: secret | token | passw(?:or)?d | api_?key | access_?key | private_?key | credential )
        [a-z0-9_.-]* ["']? \s* (?: : \s* &? (?: 'static \s )? [a-z0-9_<>]+ \s* = | [:=]>? | \( ) \s* (?: some\( )?
        (?: ["'] ([A-Za-z0-9+/=_.-]{20,}) ["'] | ([A-Za-z0-9+/=_-]{20,}) \s* $ )""",
    re.MULTILINE,
)
# Bits a character: words and paths stay below, chance of this length does not.
HEX_BITS = 3.0
OTHER_BITS = 4.2
MAX_BYTES = 8 << 20


class Finding(NamedTuple):
    """One place, without what stands there."""

    path: str
    line: int
    rule: str
    digest: str


def bits(text: str) -> float:
    """Shannon's entropy of the characters."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def looks_like_chance(value: str) -> bool:
    """Whether a value is no word, path or name."""
    if re.fullmatch(r"[0-9a-fA-F]{32,}", value):
        return bits(value.lower()) > HEX_BITS
    mixed = re.search(r"[0-9]", value) and re.search(r"[A-Za-z]", value)
    return bool(mixed) and "." not in value and bits(value) > OTHER_BITS


def find(path: str, text: str) -> Iterator[Finding]:
    """Everything in one file."""

    def finding(rule: str, start: int, secret: str) -> Finding:
        digest = hashlib.sha256(secret.encode()).hexdigest()[:16]
        return Finding(path, text.count("\n", 0, start) + 1, rule, digest)

    for rule, form in FORMS.items():
        for match in re.finditer(form, text):
            yield finding(rule, match.start(), match.group(match.lastindex or 0))
    for match in NAMED.finditer(text):
        value = match.group(1) or match.group(2)
        if looks_like_chance(value):
            yield finding("value that looks like chance", match.start(), value)


def show_itself() -> None:
    """Fails unless every rule finds its kind, and ordinary text is left alone."""
    chance = hashlib.sha256(b"chance").hexdigest()
    letters = "Zm9vYmFyQmF6UXV4MTIzNDU2Nzg5MGFiY2RlZg"
    samples = {
        "private key": "-----BEGIN EC PRIVATE KEY" + "-----\n" + letters * 3,
        "API key of ours": "adb_" + "0" * 26 + "_" + chance + chance[:8],
        "operator's key of ours": "adm_" + "0" * 26 + "_" + chance,
        "webhook secret": "whsec_" + letters,
        "AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP",
        "GitHub token": "ghp_" + chance[:36],
        "GitLab token": "glpat-" + chance[:20],
        "Slack token": "xoxb-" + chance[:24],
        "Stripe key": "sk_live_" + chance[:24],
        "Google API key": "AIza" + chance[:35],
        "SendGrid key": "SG." + chance[:22] + "." + chance[:43],
        "model provider's key": "sk-ant-" + chance[:40],
        "Hugging Face token": "hf_" + "aB" * 17,
        "npm token": "npm_" + chance[:36],
        "PyPI token": "pypi-AgE" + chance,
        "crates.io token": "cio" + chance[:32],
        "Azure account key": "AccountKey=" + chance + chance[:24] + "==",
        "JSON web token": "eyJ" + letters + ".eyJ" + letters + "." + letters,
        "password in a URL": "postgres://user:" + chance[:16] + "@db.example.com/x",
        "value that looks like chance": 'client_secret = "' + letters + '"',
    }
    for form in ('SECRET: &str = "{}"', 'token: Some("{}")', "API_KEY={}", '"password": "{}"', 'secret("{}")'):
        assert list(find("sample", form.format(letters))), f"`{form}` is not read"
    assert samples.keys() == {*FORMS, "value that looks like chance"}, "a rule without a sample"
    for rule, sample in samples.items():
        found = {finding.rule for finding in find("sample", sample)}
        assert rule in found, f"the rule `{rule}` does not find its kind"
    for text in (
        'token = "the-name-of-a-header-that-holds-it"',
        'password: "a passphrase with spaces that a test types"',
        "adb_session=deleted; Path=/",
        '"integrity": "sha512-' + letters * 2 + '"',
        "postgres://nobody:nothing@127.0.0.1:1/nowhere",
        f'checksum = "{chance}"',
    ):
        assert not list(find("sample", text)), f"`{text}` is taken for a secret"


def files() -> Iterator[str]:
    """What is committed, and what could be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        check=True,
        capture_output=True,
    )
    yield from sorted(path for path in listed.stdout.decode().split("\0") if path and Path(path).is_file())


def main() -> int:
    """Looks at all files; 1 when something has to go."""
    show_itself()
    allowed = tomllib.loads(ALLOWED.read_text(encoding="utf-8")).get("allow", [])
    for entry in allowed:
        if entry.keys() != {"path", "digest", "reason"} or not entry["reason"].strip():
            print(f"{ALLOWED}: an entry has path, digest and reason, and nothing else: {entry}", file=sys.stderr)
            return 1
    reasons = {(entry["path"], entry["digest"]) for entry in allowed}
    met: set[tuple[str, str]] = set()
    refused = looked_at = 0
    for path in files():
        data = Path(path).read_bytes()
        if len(data) > MAX_BYTES:
            print(f"{path}: larger than {MAX_BYTES} bytes; is it meant to be committed?", file=sys.stderr)
            refused += 1
            continue
        if b"\0" in data:
            continue
        looked_at += 1
        for found in find(path, data.decode("utf-8", "replace")):
            if (found.path, found.digest) in reasons:
                met.add((found.path, found.digest))
                continue
            refused += 1
            print(f"{found.path}:{found.line}: {found.rule} (digest {found.digest})", file=sys.stderr)
    for path, digest in sorted(reasons - met):
        refused += 1
        print(f"{ALLOWED}: {path} has nothing of the digest {digest} any more", file=sys.stderr)
    if refused:
        print(f"take these out, and replace them where they were valid; or say in {ALLOWED} why not", file=sys.stderr)
    print(f"secrets: {looked_at} files looked at by {len(FORMS) + 1} rules, {len(met)} places allowed, {refused} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
