"""Checks the licence of every dependency against the list in deny.toml; used where cargo-deny is not installed.

Reads `cargo metadata` from standard input. Prints what is not allowed and fails.
"""

import json
import re
import sys
import tomllib
from pathlib import Path


def allowed(expression: str, licences: set[str]) -> bool:
    """Evaluates an SPDX expression: OR is weaker than AND; the old form uses a slash for OR."""
    expression = expression.replace("/", " OR ")
    tokens = re.findall(r"\(|\)|[^\s()]+(?: WITH [^\s()]+)?", expression)

    def any_of() -> bool:
        result = all_of()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            result = all_of() or result
        return result

    def all_of() -> bool:
        result = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            result = one() and result
        return result

    def one() -> bool:
        token = tokens.pop(0)
        if token != "(":
            return token in licences
        result = any_of()
        tokens.pop(0)
        return result

    return any_of()


def main() -> int:
    config = tomllib.loads(Path("deny.toml").read_text(encoding="utf-8"))
    licences = set(config["licenses"]["allow"])
    packages = json.load(sys.stdin)["packages"]
    foreign = [package for package in packages if package["source"] is not None]
    refused = [
        f"{package['name']} {package['version']}: {package['license'] or 'no licence named'}"
        for package in foreign
        if not package["license"] or not allowed(package["license"], licences)
    ]
    for line in refused:
        print(f"licence not allowed by deny.toml: {line}", file=sys.stderr)
    print(f"licences: {len(foreign)} dependencies looked at, {len(refused)} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
