"""The base images of the Dockerfiles."""

import re
import subprocess
from pathlib import Path

import pytest
from stack_files import ROOT

DOCKERFILES = [
    *ROOT.glob("*/Dockerfile"),
    *ROOT.glob("deploy/*/Dockerfile"),
    ROOT / "deploy/base.Dockerfile",
    *ROOT.glob("tests/stack/images/*.Dockerfile"),
]


def bases(file: Path) -> list[str]:
    """The image of each FROM with default arguments, without stages of the same file."""
    text = file.read_text()
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.MULTILINE))
    named = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
    stages = {stage for _, stage in named}
    return [re.sub(r"\$\{(\w+)\}", lambda name: defaults[name[1]], base) for base, _ in named if base not in stages]


def test_every_dockerfile_is_checked() -> None:
    tracked = subprocess.run(["git", "ls-files", "*Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("no git checkout")
    assert {ROOT / name for name in tracked.stdout.split()} == set(DOCKERFILES)


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_base_image_has_an_exact_tag(file: Path) -> None:
    assert bases(file)
    assert all(re.search(r":\d+\.\d+\.\d+(-|$)", base) for base in bases(file))


def test_all_are_built_on_the_python_image_that_the_drills_have_a_stand_in_for() -> None:
    pythons = {base for file in DOCKERFILES for base in bases(file) if base.startswith("python:")}
    tag = re.search(r"^ARG PYTHON=python:(\S+)$", (ROOT / "deploy/base.Dockerfile").read_text(), re.MULTILINE)
    assert tag is not None
    assert pythons == {f"python:{tag[1]}"}
