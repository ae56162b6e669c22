"""The base images of the Dockerfiles, and the scripts in the drills' images."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from stack_files import ROOT

DRILL_IMAGES = list(ROOT.glob("tests/stack/images/*.Dockerfile"))
DOCKERFILES = [
    *ROOT.glob("*/Dockerfile"),
    *ROOT.glob("deploy/*/Dockerfile"),
    ROOT / "deploy/base.Dockerfile",
    *DRILL_IMAGES,
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


@pytest.mark.parametrize("file", DRILL_IMAGES, ids=lambda file: file.stem)
def test_a_script_in_an_image_of_the_drills_imports_no_test(file: Path) -> None:
    copied = [name for line in re.findall(r"^COPY (.*) \S+$", file.read_text(), re.MULTILINE) for name in line.split()]
    scripts = [ROOT / name for name in copied if name.endswith(".py")]
    assert {script for script in scripts if "tests" in imported_packages(script)} == set()


def imported_packages(script: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(script.read_text())))
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {module.partition(".")[0] for module in modules}
