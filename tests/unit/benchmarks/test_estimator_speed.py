"""The contestants are real processes that answer at once."""

from pathlib import Path

import pytest

from benchmarks.estimator.answers import PICTURE_TASK
from benchmarks.estimator.contestant import Contestant
from benchmarks.estimator.machine import NONE
from benchmarks.estimator.speed import Times, compare, footprint
from benchmarks.estimator.tables import floor_table, memory_table, times_table


def echo(name: str, seconds: str) -> Contestant:
    return Contestant(name, "echo", (seconds,), NONE)


def test_medians_and_ratios_are_of_what_contestants_answered(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"12345")
    times = compare([echo("first", "0"), echo("second", "0.02")], PICTURE_TASK, [photo, photo], 3)
    assert [one.name for one in times] == ["first", "second"]
    assert times[0].steps == {"decode": 1.0}
    assert times[1].seconds > times[0].seconds
    assert times[0].faces == 2


def test_memory_is_told_at_the_marks(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"1")
    sizes = footprint(echo("one", "0"), [photo], (1, 3))
    assert list(sizes) == [1, 3]
    assert all(size > 1_000_000 for size in sizes.values())


def test_a_contestant_that_ended_is_told(tmp_path: Path) -> None:
    with echo("gone", "never") as gone, pytest.raises(RuntimeError, match="gone has ended"):
        gone.ask(PICTURE_TASK, tmp_path / "photo.jpg")


def test_ratios_are_to_the_first() -> None:
    text = times_table([("a photo", [Times("we", 0.1, 0.2, 4, {}), Times("they", 0.8, 0.8, 5, {})])])
    assert text.splitlines()[-1] == "| a photo | they | 8.00 | 4.00 | 800.0 | 800.0 | 5 |"


def test_the_floor_is_told_beside_what_was_measured() -> None:
    line = {"network": "scorer", "precision": "f32", "calls": 2, "shape": "4x8x8x3",
            "work": 3e6, "bytes": 2e6, "floor": 0.002, "seconds": 0.005}  # fmt: skip
    text = floor_table({"peaks": {"f32": 5e10}}, [line])
    assert "| scorer | f32 | 2 of 4x8x8x3 | 3 | 2 | 2.0 | 5.0 | 2.5 |" in text
    assert text.endswith("f32 50.")


def test_memory_of_both_stands_in_one_line() -> None:
    lines: list[dict[str, object]] = [
        {"ready": 2.0},
        {"photos": 1, "bytes": 2e8, "private": 1e8},
        {"photos": 500, "bytes": 3e8, "private": 2e8},
    ]
    assert memory_table(lines, {1: 700_000_000}).splitlines()[-2:] == [
        "| 1 | 200 | 100 | 700 |",
        "| 500 | 300 | 200 |  |",
    ]
