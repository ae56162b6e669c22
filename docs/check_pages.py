"""Finds faults in the Markdown pages: links and paths that do not exist, targets that make does not know, long lines."""

import re
import subprocess
from pathlib import Path

MAX_COLUMNS = 120
"""Of a line of text. Lines of tables, code and Mermaid diagrams, and lines that hold a link, may be longer."""

MADE_LATER = ("out/", ".venv/", ".demo/", ".venv-models/")
"""Folders that a fresh clone does not have yet."""

LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH_LIKE = re.compile(r"\.?[\w-]+(/[\w.-]+)*/?[\w.-]*")
MODULE = re.compile(r"(\w+/)*\w+\.py")
ROOT_FILE = re.compile(r"[A-Z]+\.md|docker-stack[\w.-]*\.yml")
MAKE = re.compile(r"(?:^\$?|[`;&|]|=\S+)[ ]*make ([a-z][a-z-]+)", flags=re.MULTILINE)
FENCE = re.compile(r"^\s*```.*?^\s*```", flags=re.DOTALL | re.MULTILINE)


def pages(root: Path) -> list[Path]:
    """Every Markdown page that belongs to the repository."""
    listed = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
    return [root / name for name in names if (root / name).is_file()]


def missing_paths(root: Path, page: Path) -> list[str]:
    """Links and quoted paths of the page that lead nowhere.

    A quoted path begins with a folder or a file of the root. A module may be quoted by the end of its path: `state/eta.py`.
    """
    text = page.read_text(encoding="utf-8")
    dead = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    known = {entry.name for entry in root.iterdir()}
    quoted = QUOTED.findall(FENCE.sub("", text))
    dead += [path for path in quoted if _is_path(path, known) and not (root / path).exists()]
    return dead + [name for name in quoted if _is_module(name, known) and not any(root.glob(f"[!.]*/**/{name}"))]


def unknown_targets(root: Path, page: Path) -> set[str]:
    """The `make TARGET`s that the page names and no makefile has."""
    makefiles = [root / "Makefile", *root.glob("*/*.mk"), *root.glob("*/*/*.mk")]
    rules = "\n".join(file.read_text(encoding="utf-8") for file in makefiles)
    targets = set(re.findall(r"[a-z][a-z-]+", " ".join(re.findall(r"^([a-z][a-z -]*):(?!=)", rules, re.MULTILINE))))
    code = re.findall(r"`[^`]+`|^```.*?^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return set(MAKE.findall("\n".join(code))) - targets


def long_lines(page: Path) -> list[str]:
    """Lines of text over the limit, as `LINE: first words`."""
    text = FENCE.sub(lambda fence: "\n" * fence.group().count("\n"), page.read_text(encoding="utf-8"))
    lines = enumerate(text.splitlines(), start=1)
    return [f"{number}: {line[:60]}" for number, line in lines if len(line) > MAX_COLUMNS and not _may_be_long(line)]


def _is_path(quoted: str, known: set[str]) -> bool:
    if not PATH_LIKE.fullmatch(quoted) or quoted.startswith(MADE_LATER):
        return False
    folder, slash, _ = quoted.partition("/")
    return folder in known if slash else bool(ROOT_FILE.fullmatch(quoted))


def _is_module(quoted: str, known: set[str]) -> bool:
    return bool(MODULE.fullmatch(quoted)) and quoted.partition("/")[0] not in known


def _may_be_long(line: str) -> bool:
    return line.lstrip().startswith(("|", "<img")) or "](" in line or "://" in line
