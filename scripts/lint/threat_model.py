"""Checks that docs/threat-model.md is true to the code: every file that it links to and every test that it names is there."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs/threat-model.md")
# The names of tests are sentences: at least two underscores.
TEST = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`")
LINK = re.compile(r"\]\((\.\./[^)#]+)\)")
# A test, whatever attributes stand between its mark and its name.
DEFINED = re.compile(r"#\[(?:tokio::)?test[^\]]*\](?:\s*#\[[^\]]*\]|\s*//[^\n]*)*\s*(?:async )?fn ([a-z0-9_]+)")


def main() -> int:
    """1 when something is named that is not there."""
    text = PAGE.read_text(encoding="utf-8")
    listed = subprocess.run(["git", "ls-files", "-z", "*.rs"], check=True, capture_output=True).stdout.decode()
    sources = [Path(path) for path in listed.split("\0") if path and Path(path).is_file()]
    tests = {name for path in sources for name in DEFINED.findall(path.read_text(encoding="utf-8"))}
    named = set(TEST.findall(text))
    links = set(LINK.findall(text))
    missing = [f"the test {name}" for name in sorted(named - tests)]
    missing += [f"the file {link}" for link in sorted(links) if not (PAGE.parent / link).exists()]
    for what in missing:
        print(f"{PAGE} names {what}, which is not there", file=sys.stderr)
    if len(named) < 50:
        print(f"{PAGE} names only {len(named)} tests: is its form still read?", file=sys.stderr)
        return 1
    print(f"threat model: {len(named)} tests and {len(links)} files named, {len(missing)} missing")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
