"""`make release-check`: before a release, every place states one version, and changelog, images and pages agree."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.check_pages import long_lines, missing_paths, pages, unknown_targets
from docs.make_settings import PAGE, settings_page

ROOT = Path(__file__).parents[1]

VERSIONED = {
    "*/attrai_*/__init__.py": r'^__version__ = "(.+)"$',
    "*/pyproject.toml": r'^version = "(.+)"$',
    "deploy/deploy.mk": r"^VERSION \?= (.+)$",
    "docker-stack.yml": r"\$\{VERSION:-([^}]+)\}",
    "deploy/stack/*.yml": r"\$\{VERSION:-([^}]+)\}",
    "**/*Dockerfile": r"^ARG VERSION=(.+)$",
}
"""Glob of files → the pattern whose group is a version."""

OWN_IMAGE = re.compile(r"image: \$\{IMAGE_PREFIX:-attrai/\}([\w-]+):")
PUBLIC_IMAGE = re.compile(r"image: ([\w./-]+):([\w.-]+)$", flags=re.MULTILINE)


def problems(root: Path) -> list[str]:
    """A sentence for each thing that keeps this tree from being released."""
    versions = dict(stated_versions(root))
    expected = versions.get("shared/attrai_shared/__init__.py", "")
    return [
        *(f"{place} says {version}, not {expected}" for place, version in versions.items() if version != expected),
        *changelog_problems(root, expected),
        *image_problems(root),
        *page_problems(root),
    ]


def stated_versions(root: Path) -> Iterator[tuple[str, str]]:
    """Each place that states a version, and the version. A place that states several is given once for each."""
    for glob, pattern in VERSIONED.items():
        for file in sorted(root.glob(glob)):
            if any(part.startswith(".") for part in file.relative_to(root).parts):
                continue
            found = sorted(set(re.findall(pattern, file.read_text(encoding="utf-8"), flags=re.MULTILINE)))
            for number, version in enumerate(found):
                yield str(file.relative_to(root)) + f" (version {number + 1})" * (len(found) > 1), version


def changelog_problems(root: Path, version: str) -> list[str]:
    """The changelog's first section must be this version's, with a date and with notes."""
    sections = re.findall(
        r"^## \[(.+?)\] - (.+)\n([^#]*(?:###[^#]*)*)", _text(root, "CHANGELOG.md"), flags=re.MULTILINE
    )
    if not sections or sections[0][0] != version:
        return [f"CHANGELOG.md does not begin with version {version}"]
    _, date, notes = sections[0]
    faults = [] if re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) else [f"CHANGELOG.md: {version} has no date, but {date!r}"]
    return faults + ([] if "- " in notes else [f"CHANGELOG.md: {version} has no notes"])


def image_problems(root: Path) -> list[str]:
    """Every own image of the stack is built by `make images`, and every public one has one tag."""
    stack = "\n".join(file.read_text(encoding="utf-8") for file in stack_files(root))
    built = set(re.findall(r"^IMAGES := (.+)$", _text(root, "deploy/deploy.mk"), flags=re.MULTILINE)[0].split())
    tags: dict[str, set[str]] = {}
    for image, tag in PUBLIC_IMAGE.findall(stack):
        tags.setdefault(image, set()).add(tag)
    return [
        *(
            f"the stack runs {image}, which `make images` does not build"
            for image in set(OWN_IMAGE.findall(stack)) - built
        ),
        *(f"`make images` builds {image}, which no stack file runs" for image in built - set(OWN_IMAGE.findall(stack))),
        *(f"{image} has several tags: {', '.join(sorted(found))}" for image, found in tags.items() if len(found) > 1),
    ]


def stack_files(root: Path) -> list[Path]:
    """The stack file and what may be laid over it."""
    return [root / "docker-stack.yml", *sorted((root / "deploy/stack").glob("*.yml"))]


def page_problems(root: Path) -> Iterator[str]:
    """Faults of the pages; the settings page must be what the code says."""
    if settings_page() != _text(root, str(PAGE.relative_to(ROOT))):
        yield "docs/settings.md is out of date: make docs"
    for page in pages(root):
        name = page.relative_to(root)
        yield from (f"{name}: {path} does not exist" for path in missing_paths(root, page))
        yield from (f"{name}: make {target} does not exist" for target in unknown_targets(root, page))
        yield from (f"{name}:{line} ... is over 120 columns" for line in long_lines(page))


def _text(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def main() -> None:
    """Prints each problem and ends with status 1 if there is one."""
    found = problems(ROOT)
    print("\n".join(found) or "Ready: one version everywhere; changelog, images and pages agree.")  # noqa: T201
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
