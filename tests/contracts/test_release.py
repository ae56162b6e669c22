"""`make release-check` passes on this tree and finds what is wrong in another."""

import shutil
from pathlib import Path

import pytest

from docs.check_release import VERSIONED, changelog_problems, image_problems, problems, stated_versions

ROOT = Path(__file__).parents[2]


def test_this_tree_may_be_released_but_for_a_date() -> None:
    assert [problem for problem in problems(ROOT) if "has no date" not in problem] == []


def test_every_kind_of_place_states_a_version() -> None:
    stated = dict(stated_versions(ROOT))
    assert len(stated) >= len(VERSIONED)
    assert {"shared/pyproject.toml", "deploy/deploy.mk", "docker-stack.yml", "bot/Dockerfile"} <= set(stated)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What of the tree states versions and images."""
    for file in {file for glob in VERSIONED for file in ROOT.glob(glob)} | {ROOT / "CHANGELOG.md"}:
        name = file.relative_to(ROOT)
        if not name.parts[0].startswith("."):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("bot/pyproject.toml", 'version = "', 'version = "9.'),
        ("estimator/attrai_estimator/__init__.py", '__version__ = "', '__version__ = "9.'),
        ("deploy/deploy.mk", "VERSION ?= ", "VERSION ?= 9."),
        ("docker-stack.yml", "bot:${VERSION:-", "bot:${VERSION:-9."),
        ("batch/Dockerfile", "ARG VERSION=", "ARG VERSION=9."),
    ],
)
def test_another_version_is_found(copy: Path, name: str, old: str, new: str) -> None:
    _replace(copy / name, old, new)
    assert {place.partition(" ")[0] for place, version in stated_versions(copy) if version.startswith("9.")} == {name}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("## [1.0.0] - 2026-12-01\n\n### Added\n\n- A.\n", None),
        ("## [1.0.0] - unreleased\n\n### Added\n\n- A.\n", "no date"),
        ("## [1.0.0] - 2026-12-01\n\n### Added\n", "no notes"),
        ("## [0.9.0] - 2026-12-01\n\n### Added\n\n- A.\n", "does not begin"),
        ("# Changelog\n", "does not begin"),
    ],
)
def test_the_changelog_begins_with_the_version(tmp_path: Path, text: str, fault: str | None) -> None:
    (tmp_path / "CHANGELOG.md").write_text(text)
    found = changelog_problems(tmp_path, "1.0.0")
    assert found == [] if fault is None else [fault in sentence for sentence in found] == [True]


def test_images_that_disagree_are_found(copy: Path) -> None:
    assert image_problems(copy) == []
    _replace(copy / "deploy/deploy.mk", "IMAGES := bot ", "IMAGES := robot ")
    other = copy / "deploy/stack/other.yml"
    other.write_text("services:\n  redis:\n    image: redis:6\n")
    assert len(image_problems(copy)) == 3


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
