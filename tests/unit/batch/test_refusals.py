"""A refused run prints why, exits with status 2, and leaves no file."""

from pathlib import Path

import pytest
from attrai_batch.__main__ import app
from typer.testing import CliRunner, Result


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of photos in the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/a.jpg").write_bytes(b"a photo")
    return tmp_path / "photos"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["run", *words])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere", "--out", "x.parquet"], "nowhere cannot be opened: No such file or directory"),
        (["nowhere.tar", "--out", "x.parquet"], "nowhere.tar cannot be opened: No such file or directory"),
        (["photos/a.jpg", "--out", "x.parquet"], "photos/a.jpg is neither a folder nor a tar"),
        (["photos", "--out", "no/such/x.parquet"], "no/such, where --out leads, is no folder: make it first"),
        (["photos", "--out", "photos/x.parquet"], "lies in the source, where nothing is written"),
        (["photos", "--out", "photos"], "lies in the source, where nothing is written"),
        (["ftp://example.org/x.zip", "--out", "x.parquet"], "ftp is no scheme that can be downloaded"),
        (["photos", "--out", "x.parquet", "--sha256", "0" * 64], "a checksum is for a URL"),
    ],
)
def test_a_refused_run_prints_a_sentence_and_leaves_no_file(photos: Path, words: list[str], sentence: str) -> None:
    before = sorted(photos.parent.rglob("*"))
    result = run(*words)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert sentence in result.stderr
    assert sorted(photos.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["photos"],
        ["photos", "--out", "x.parquet", "--faces", "both"],
        ["photos", "--out", "x.parquet", "--what", "beauty"],
        ["photos", "--out", "x.parquet", "--what", ""],
        ["photos", "--out", "x.parquet", "--workers", "0"],
        ["photos", "more", "--out", "x.parquet"],
    ],
)
def test_wrong_options_print_a_hint_to_the_help(photos: Path, words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert "--help" in result.stderr
    assert [path.name for path in photos.parent.iterdir()] == ["photos"]


def test_an_existing_table_is_not_overwritten(photos: Path) -> None:
    table = photos.parent / "x.parquet"
    table.write_bytes(b"a table")
    result = run("photos", "--out", "x.parquet")
    assert result.exit_code == 2
    assert "x.parquet is there already" in result.stderr
    assert table.read_bytes() == b"a table"


def test_a_refused_run_keeps_an_unfinished_download(photos: Path) -> None:
    part = photos.parent / "x.parquet.parts/download.part"
    part.parent.mkdir()
    part.write_bytes(b"the first half")
    assert run("ftp://example.org/x.zip", "--out", "x.parquet").exit_code == 2
    assert part.read_bytes() == b"the first half"
