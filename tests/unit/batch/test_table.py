from pathlib import Path

import duckdb
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from attrai_batch.errors import InvalidTable
from attrai_batch.table import SCHEMA, merge, read_batches, read_metadata, record_batch, write_part

from tests.unit.batch.rows import LANDMARKS, MEASURES, face, found, missed, table, vector


def test_each_face_has_a_row_and_each_photo_without_one_its_reason() -> None:
    rows = record_batch([found("a/1.jpg", 1, 2), missed("b.jpg"), found("c.jpg", 3)]).to_pylist()
    assert [(row["photo"], row["face"], row["error_code"]) for row in rows] == [
        ("a/1.jpg", 0, None),
        ("a/1.jpg", 1, None),
        ("b.jpg", None, "no_face"),
        ("c.jpg", 0, None),
    ]
    assert rows[1]["embedding"] == vector(2)
    assert (rows[0]["width"], rows[0]["height"], rows[0]["box"]) == (250, 200, [5.0, 5.0, 25.0, 30.0])
    assert rows[0]["landmarks"] == [number for point in LANDMARKS for number in point]
    assert rows[0]["quality"] == ["blurred"]
    assert rows[0]["measures"] == pytest.approx(MEASURES)
    empty = {name for name, value in rows[2].items() if value is None}
    assert empty == set(SCHEMA.names) - {"photo", "error_code", "error_message"}


def test_outputs_that_were_not_computed_are_null() -> None:
    bare = face(score=None).model_copy(update={"reasons": None, "measures": None})
    photo = found("a.jpg", 1)[1].model_copy(update={"faces": (bare,)})
    (row,) = record_batch([("a.jpg", photo)]).to_pylist()
    assert [row[name] for name in ("score", "quality", "measures", "embedding")] == [None] * 4


def test_a_part_is_one_row_group_and_parts_merge_in_their_order(tmp_path: Path) -> None:
    first, second = tmp_path / "0.parquet", tmp_path / "1.parquet"
    write_part(first, [found("a.jpg", 1), missed("b.jpg")])
    write_part(second, [found("c.jpg", 2, 3)])
    assert pq.ParquetFile(first).num_row_groups == 1
    merge([first, second], tmp_path / "all.parquet", {"what": "embedding"})
    merged = pq.read_table(tmp_path / "all.parquet")
    assert merged.schema.equals(SCHEMA)
    assert merged["photo"].to_pylist() == ["a.jpg", "b.jpg", "c.jpg", "c.jpg"]
    assert read_metadata(tmp_path / "all.parquet") == {"what": "embedding"}
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".partial")] == []


def test_small_parts_become_large_row_groups(tmp_path: Path) -> None:
    part = tmp_path / "part.parquet"
    write_part(part, [missed(f"{i}.jpg") for i in range(1_500)])
    merge([part] * 7, tmp_path / "all.parquet", {})
    file = pq.ParquetFile(tmp_path / "all.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [4_500, 4_500, 1_500]


def test_a_failed_merge_leaves_the_file_unchanged(tmp_path: Path) -> None:
    done = table(tmp_path, found("a.jpg", 1))
    before = done.read_bytes()
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 cut off")
    with pytest.raises(pa.ArrowInvalid):
        merge([tmp_path / "000000.parquet", broken], done, {})
    assert done.read_bytes() == before


def test_a_run_without_photos_is_a_table_without_rows(tmp_path: Path) -> None:
    merge([], tmp_path / "none.parquet", {})
    assert pq.read_table(tmp_path / "none.parquet").num_rows == 0
    assert list(read_batches(tmp_path / "none.parquet")) == []


@pytest.mark.parametrize("content", [b"", b"no table", b"PAR1PAR1"])
def test_a_file_that_is_not_parquet_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(content)
    with pytest.raises(InvalidTable, match="is no Parquet file"):
        list(read_batches(path))
    with pytest.raises(InvalidTable):
        read_metadata(path)


def test_a_parquet_file_of_another_program_is_an_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"photo": ["a"]}), tmp_path / "x.parquet")
    with pytest.raises(InvalidTable, match="none of attrai-batch"):
        list(read_batches(tmp_path / "x.parquet"))


def test_pandas_reads_it(tmp_path: Path) -> None:
    path = table(tmp_path, found("a.jpg", 1, 2), missed("b.jpg"), found("c.jpg", 3))
    frame = pandas.read_parquet(path)
    faces = frame[frame["error_code"].isna()]
    assert np.stack(list(faces["embedding"])).tolist() == [vector(1), vector(2), vector(3)]
    assert frame[frame["error_code"].notna()]["photo"].tolist() == ["b.jpg"]


def test_duckdb_reads_it(tmp_path: Path) -> None:
    path = table(tmp_path, found("a.jpg", 1, 2), missed("b.jpg"), found("c.jpg", 3))
    with duckdb.connect() as base:
        counted = base.execute("select error_code, count(*) from read_parquet(?) group by 1 order by 1", [str(path)])
        assert counted.fetchall() == [("no_face", 1), (None, 3)]
        query = "select photo, embedding[1], measures.side from read_parquet(?) where face = 1"
        assert base.execute(query, [str(path)]).fetchall() == [("a.jpg", vector(2)[0], 30.0)]
