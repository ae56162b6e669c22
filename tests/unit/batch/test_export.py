import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import typer
from attrai_batch import webdataset
from attrai_batch.commands import add_commands
from attrai_batch.errors import InvalidTable
from attrai_batch.export import COLUMNS, export_csv, export_npy
from attrai_batch.sources import open_source
from attrai_batch.sources.entries import RefusedEntry
from attrai_batch.webdataset import export_webdataset
from typer.testing import CliRunner

from tests.unit.batch.rows import found, missed, table, vector

HOSTILE = '=cmd|"/x"\n,\x1b;é.jpg'
PHOTOS = [found("a/1.jpg", 1, 2), missed("b.jpg"), found(HOSTILE, 3)]


def command() -> typer.Typer:
    app = typer.Typer()
    add_commands(app)
    return app


def test_npy_has_the_vectors_and_a_line_for_each(tmp_path: Path) -> None:
    out = tmp_path / "vectors.npy"
    assert export_npy(table(tmp_path, *PHOTOS), out) == [out, tmp_path / "vectors.npy.csv"]
    loaded = np.load(out, mmap_mode="r")
    assert (loaded.dtype, loaded.shape) == (np.float32, (3, 128))
    assert loaded.tolist() == [vector(1), vector(2), vector(3)]
    with (tmp_path / "vectors.npy.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["photo", "face"], ["a/1.jpg", "0"], ["a/1.jpg", "1"], [HOSTILE, "0"]]


def test_npy_of_no_face_is_an_array_of_no_rows(tmp_path: Path) -> None:
    export_npy(table(tmp_path, missed("a.jpg")), tmp_path / "v.npy")
    assert np.load(tmp_path / "v.npy").shape == (0, 128)


def test_csv_has_every_row_and_every_number(tmp_path: Path) -> None:
    export_csv(table(tmp_path, *PHOTOS), tmp_path / "faces.csv")
    with (tmp_path / "faces.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == ["a/1.jpg", "a/1.jpg", "b.jpg", HOSTILE]
    assert list(rows[0]) == list(COLUMNS)
    assert [float(rows[0][name]) for name in ("x0", "y1", "left_eye_x", "right_mouth_y", "side")] == [5, 30, 10, 20, 30]
    assert rows[0]["quality"] == "blurred"
    assert [float(rows[1][f"e{i}"]) for i in range(128)] == vector(2)
    assert (rows[2]["error_code"], rows[2]["face"], rows[2]["e0"]) == ("no_face", "", "")


def test_webdataset_has_a_sample_for_each_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webdataset, "PHOTOS_PER_SHARD", 2)
    shards = export_webdataset(table(tmp_path, *PHOTOS), tmp_path / "shards")
    assert [shard.name for shard in shards] == ["faces-000000.tar", "faces-000001.tar"]
    samples = members(shards)
    assert list(samples) == [f"{i:09d}.{kind}" for i in range(3) for kind in ("json", "npy")]
    first, second, third = (json.loads(samples[f"{i:09d}.json"]) for i in range(3))
    assert (first["photo"], len(first["faces"]), first["faces"][0]["quality"]) == ("a/1.jpg", 2, ["blurred"])
    assert (second["error_code"], second["faces"]) == ("no_face", [])
    assert third["photo"] == HOSTILE
    (tmp_path / "one.npy").write_bytes(samples["000000000.npy"])
    assert np.load(tmp_path / "one.npy").tolist() == [vector(1), vector(2)]


def members(shards: list[Path]) -> dict[str, bytes]:
    """The content of the shards by name."""
    found: dict[str, bytes] = {}
    for shard in shards:
        with tarfile.open(shard) as archive:
            for info in archive:
                file = archive.extractfile(info)
                assert file is not None
                found[info.name] = file.read()
    return found


def source(folder: Path, *names: str, kind: str = "folder") -> Path:
    """A folder, or a tar of it, with photos of these names, whose content is their name, and one other file."""
    for name in (*names, "notes.txt"):
        (folder / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "set" / name).write_text(name)
    if kind == "folder":
        return folder / "set"
    with tarfile.open(folder / "set.tar", "w") as archive:
        archive.add(folder / "set", ".")
        for name in names:
            archive.add(folder / "set" / name, name)  # a second member with the same name
    return folder / "set.tar"


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_webdataset_has_the_photos_of_the_source(tmp_path: Path, kind: str) -> None:
    photos = source(tmp_path, "a/1.jpg", "b.JPG", "c.png", kind=kind)
    entries = list(open_source(str(photos), tmp_path).entries())
    path = table(
        tmp_path, *(missed(one.name) if isinstance(one, RefusedEntry) else found(one.name, 1) for one in entries)
    )
    there = members(export_webdataset(path, tmp_path / "shards", open_source(str(photos), tmp_path)))
    for number, entry in enumerate(entries):
        key, suffix = f"{number:09d}", Path(entry.name).suffix.lower()
        assert json.loads(there.pop(f"{key}.json"))["photo"] == entry.name
        assert there.pop(f"{key}.npy")
        if not isinstance(entry, RefusedEntry):
            assert there.pop(key + suffix).decode() == entry.name
    assert not there
    assert len(entries) == (3 if kind == "folder" else 6)


def test_photos_of_another_source_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path, found("a.jpg", 1), found("b.jpg", 2))
    for number, names in enumerate((["a.jpg"], ["a.jpg", "b.jpg", "c.jpg"], ["a.jpg", "c.jpg"], [])):
        photos = source(tmp_path / str(number), *names)
        arguments = ["--format", "webdataset", "--photos", str(photos), "--out", str(tmp_path / "shards")]
        result = CliRunner().invoke(command(), ["export", str(path), *arguments])
        assert (result.exit_code, "run on another one" in result.stderr) == (1, True), result.stderr
        assert list((tmp_path / "shards").iterdir()) == []
    result = CliRunner().invoke(command(), ["export", str(path), "--format", "csv", "--photos", ".", "--out", "x"])
    assert result.exit_code == 2


def test_webdataset_of_no_photo_is_one_shard_without_a_sample(tmp_path: Path) -> None:
    [shard] = export_webdataset(table(tmp_path), tmp_path / "shards")
    assert members([shard]) == {}


def test_a_failed_export_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"no table")
    for export in (export_npy, export_csv):
        with pytest.raises(InvalidTable):
            export(tmp_path / "x.parquet", tmp_path / "out.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["x.parquet"]


def test_the_commands_write_and_print(tmp_path: Path) -> None:
    path = table(tmp_path, *PHOTOS)
    result = CliRunner().invoke(command(), ["export", str(path), "--format", "npy", "--out", str(tmp_path / "v.npy")])
    assert (result.exit_code, result.stdout.split()) == (0, [str(tmp_path / "v.npy"), str(tmp_path / "v.npy.csv")])
    (tmp_path / "other.json").write_text(json.dumps(vector(1)))
    arguments = ["average", str(path), "--json", "--by", "person-folder", "--compare", str(tmp_path / "other.json")]
    result = CliRunner().invoke(command(), arguments)
    assert result.exit_code == 0
    fields = json.loads(result.stdout)
    assert (fields["faces"], list(fields["folders"])) == (3, ['=cmd|"', "a"])
    assert 0 < fields["compared"]["cosine"] < 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["average", "nowhere.parquet"], "nowhere.parquet is no Parquet file that can be read"),
        (["average", "nowhere.parquet", "--compare", "nothing"], "nothing cannot be read: No such file"),
        (
            ["export", "nowhere.parquet", "--format", "csv", "--out", "no/such/folder.csv"],
            "cannot be written: No such file",
        ),
    ],
)
def test_a_failed_command_prints_a_sentence(arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(command(), arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("attrai-batch: ")
    assert sentence in result.stderr
