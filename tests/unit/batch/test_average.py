import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from attrai_batch.average import ALL, ExactSum, averages, folder_of
from attrai_batch.average_text import as_json, as_text
from attrai_batch.errors import InvalidTable, VectorNotFound
from attrai_batch.table import NamedOutcome
from attrai_batch.vectors import compare, read_vector
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.batch.rows import found, missed, table, vector

PEOPLE = [
    found("set/Ann/1.jpg", 1),
    found("set/Ann/2.jpg", 2, 3),
    missed("set/Ann/3.jpg"),
    found("set/Bo/1.jpg", 4),
    found("top.jpg", 5),
]


def as_printed(numbers: list[float]) -> str:
    """A vector in a log as numpy prints it, four numbers a line."""
    rows = [" ".join(f"{number: .8e}" for number in numbers[at : at + 4]) for at in range(0, 128, 4)]
    return "Jul 04 2019 17:59:26:1562263166 - Result:\n[" + "\n ".join(rows) + "]\n####\n"


def test_the_mean_is_that_of_all_faces(tmp_path: Path) -> None:
    average = averages(table(tmp_path, *PEOPLE))[ALL]
    vectors = np.array([vector(seed) for seed in (1, 2, 3, 4, 5)])
    assert average.faces == 5
    assert average.mean == pytest.approx([math.fsum(column) / 5 for column in vectors.T], abs=1e-13)
    assert average.deviation == pytest.approx(vectors.std(axis=0), abs=1e-12)
    distances = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
    assert average.distance == pytest.approx(math.sqrt((distances**2).mean()))
    names = [("set/Ann/1.jpg", 0), ("set/Ann/2.jpg", 0), ("set/Ann/2.jpg", 1), ("set/Bo/1.jpg", 0), ("top.jpg", 0)]
    nearest = int(distances.argmin())
    assert (average.nearest.photo, average.nearest.face) == names[nearest]
    assert average.nearest.distance == pytest.approx(distances[nearest])


def test_each_folder_has_its_own(tmp_path: Path) -> None:
    found_averages = averages(table(tmp_path, *PEOPLE), by_folder=True)
    assert {name: average.faces for name, average in found_averages.items()} == {ALL: 5, ".": 1, "Ann": 3, "Bo": 1}
    assert found_averages["Bo"].mean == pytest.approx(vector(4), abs=1e-13)
    assert found_averages["Bo"].distance == pytest.approx(0, abs=1e-12)
    assert [folder_of(name) for name in ("a/b/c.jpg", "c.jpg")] == ["b", "."]


@settings(deadline=None, max_examples=25)
@given(order=st.randoms(use_true_random=False), a_part=st.integers(1, 40))
def test_every_digit_is_the_same_whatever_the_order(
    tmp_path_factory: pytest.TempPathFactory, order: random.Random, a_part: int
) -> None:
    photos: list[NamedOutcome] = [found(f"{i % 3}/{i}.jpg", i) for i in range(40)]
    expected = averages(table(tmp_path_factory.mktemp("ordered"), *photos), by_folder=True)
    order.shuffle(photos)
    shuffled = averages(table(tmp_path_factory.mktemp("shuffled"), *photos, a_part=a_part), by_folder=True)
    assert as_json(shuffled, None) == as_json(expected, None)


def test_of_two_equally_near_faces_the_first_by_name_is_the_nearest(tmp_path: Path) -> None:
    photos = [found("b.jpg", 1), found("a.jpg", 1), found("c.jpg", 1)]
    assert averages(table(tmp_path, *photos, a_part=1))[ALL].nearest.photo == "a.jpg"


def test_numbers_that_no_embedding_has_are_refused() -> None:
    for wrong in (math.nan, math.inf, 4.0):
        with pytest.raises(ValueError, match="none, or of 4"):
            ExactSum().add(np.full((1, 128), wrong))


def test_a_table_without_vectors_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidTable, match="has no vector"):
        averages(table(tmp_path, missed("a.jpg")))


def test_json_and_text_agree(tmp_path: Path) -> None:
    result = averages(table(tmp_path, *PEOPLE), by_folder=True)
    comparison = compare(result[ALL].mean, np.array(vector(1)))
    fields = json.loads(as_json(result, comparison))
    assert list(fields) == ["faces", "spread", "nearest", "mean", "deviation", "compared", "folders"]
    assert list(fields["folders"]) == [".", "Ann", "Bo"]
    assert fields["mean"] == list(result[ALL].mean)
    text = as_text(result, comparison)
    assert f"cosine    {fields['compared']['cosine']:.6f}" in text
    assert "Ann: 3 faces" in text
    assert text.count("[") == text.count("]") == 1


def test_control_characters_of_a_name_are_escaped(tmp_path: Path) -> None:
    text = as_text(averages(table(tmp_path, found("\x1b[2J\n.jpg", 1))), None)
    assert "\x1b" not in text
    assert "\\x1b[2J\\n.jpg" in text


def test_a_vector_is_read_from_any_known_format(tmp_path: Path) -> None:
    numbers, path = vector(7), tmp_path / "vector"
    np.save(tmp_path / "v.npy", np.array(numbers, np.float32))
    assert read_vector(tmp_path / "v.npy") == pytest.approx(numbers)
    for text in (
        json.dumps(numbers),
        json.dumps({"faces": 3, "mean": numbers, "deviation": numbers}),
        as_printed(numbers),
        as_printed(numbers).replace("-", "\N{MINUS SIGN}"),
        "array([" + ", ".join(map(str, numbers)) + "], dtype=float32)",
        "\n".join(map(str, numbers)),
        ",".join(map(str, numbers)) + "\n",
        "- [ ] a list\n" + as_printed(numbers) + "[1 2 3]",
    ):
        path.write_text(text, encoding="utf-8")
        assert read_vector(path) == pytest.approx(numbers, abs=1e-8), text[:40]


def test_the_text_of_an_average_can_be_read_back(tmp_path: Path) -> None:
    result = averages(table(tmp_path, *PEOPLE))
    (tmp_path / "average.txt").write_text(as_text(result, None), encoding="utf-8")
    same = compare(read_vector(tmp_path / "average.txt"), result[ALL].mean)
    assert same.cosine == pytest.approx(1, abs=1e-12)
    assert same.largest < 1e-9


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no vector of 128 numbers"),
        (b"[1, 2, 3]", "has no vector"),
        (b"\x93NUMPY broken", "has no vector"),
        (b"[" * 100_000, "has no vector"),
        (str(["x"] * 128).encode(), "has no vector"),
        (2 * str([0.5] * 128).encode(), "has 2 vectors"),
        (b'{"mean": null}', "has no vector"),
    ],
)
def test_a_file_without_one_vector_is_an_error(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(VectorNotFound, match=sentence):
        read_vector(tmp_path / "x")
    with pytest.raises(VectorNotFound, match="cannot be read"):
        read_vector(tmp_path / "nowhere")


def test_a_comparison_has_the_angle_and_the_largest_difference() -> None:
    one, other = np.zeros(128), np.zeros(128)
    one[0], other[0], other[1] = 1, 1, 1
    result = compare(one, other)
    assert (round(result.cosine, 6), result.distance, result.largest, result.place) == (0.707107, 1.0, 1.0, 1)
    assert compare(one, np.zeros(128)).cosine == 0
