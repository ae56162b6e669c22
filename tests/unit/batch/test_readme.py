"""The commands and examples of batch/README.md work, and its lists are those of the code."""

import re
from pathlib import Path

import pytest
from attrai_batch.__main__ import app
from attrai_batch.sources.rules import READABLE_SUFFIXES, UNSUPPORTED_SUFFIXES
from attrai_batch.table import SCHEMA
from typer.testing import CliRunner

from tests.unit.batch.rows import found, missed, table

PAGE = (Path(__file__).parents[3] / "batch/README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
COMMANDS = [
    line.split("#")[0].split()[1:] for _, block in BLOCKS for line in block.splitlines() if "attrai-batch " in line
]


@pytest.fixture
def _table_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table(tmp_path, found("Ann/1.jpg", 1), found("Ann/2.jpg", 1, 2), missed("Bo/1.jpg"))
    for name in ("Ann/1.jpg", "Ann/2.jpg", "Bo/1.jpg"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).touch()
    (tmp_path / "other.txt").write_text("[" + "0.5 " * 128 + "]")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_table_here")
def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    for block in (text for language, text in BLOCKS if language == "python"):
        exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - the page's own examples
    said = capsys.readouterr().out
    assert "3 faces on 2 photos" in said
    assert said.count("no_face") == 2
    assert "Ann/2.jpg" in said


@pytest.mark.usefixtures("_table_here")
def test_the_commands_run() -> None:
    runner = CliRunner()
    for command in COMMANDS:
        if command[0] == "run":  # only that the options exist; other tests run it
            assert set(re.findall(r"--\w+", " ".join(command))) <= set(
                re.findall(r"--\w+", runner.invoke(app, ["run", "--help"]).output)
            )
        else:
            assert runner.invoke(app, command).exit_code == 0, command


def test_every_column_and_suffix_is_listed() -> None:
    rows = re.findall(r"^\| (`.+?) \|", PAGE.split("## The table")[1], flags=re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == SCHEMA.names
    listed = [
        set(re.findall(r"\.\w+", text)) for text in re.findall(r"`((?:\.\w+ ?)+)`", PAGE.split("## Which photos")[1])
    ]
    assert listed[:2] == [READABLE_SUFFIXES, UNSUPPORTED_SUFFIXES]
