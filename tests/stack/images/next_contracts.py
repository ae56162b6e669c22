"""Changes the installed contracts to their next version: one more field in each message; readers accept both versions."""

import re
from pathlib import Path

from attrai_shared import contracts

CURRENT = re.compile(r"^( +)version: Literal\[[\d, ]+\] = (\d+)$", re.MULTILINE)


def advanced(source: str) -> str:
    """The module with every version one higher. Raises ValueError where it has none."""
    text, versions = CURRENT.subn(_next_version, source)
    if not versions:
        raise ValueError("no contract has a version")
    return text


def _next_version(match: re.Match[str]) -> str:
    indent, version = match[1], int(match[2])
    return f'{indent}version: Literal[{version}, {version + 1}] = {version + 1}\n{indent}only_in_the_next_version: str = "here"'


if __name__ == "__main__":
    path = Path(contracts.__file__)
    path.write_text(advanced(path.read_text()))
