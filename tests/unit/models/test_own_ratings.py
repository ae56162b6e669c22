"""A user's own ratings.csv: usual spellings are read, faults are refused with a sentence that says what to change."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from attrai_models.data.own_ratings import MIN_PORTRAITS, RatingScale, RatingsError, parse_scale, read_own_ratings

pytestmark = pytest.mark.torch


def written(folder: Path, lines: Sequence[str], photos: int = 30) -> Path:
    for number in range(photos):
        (folder / f"{number}.jpg").touch()
    (folder / "ratings.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def rows(scores: Sequence[float]) -> list[str]:
    return [f"{number}.jpg,{score}" for number, score in enumerate(scores)]


FINE = [1 + number % 5 for number in range(30)]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([1, 5], RatingScale(1, 5)),
        ([1, 5.5], RatingScale(1, 7)),
        ([1, 9], RatingScale(1, 10)),
        ([0, 9], RatingScale(0, 10)),
        ([0, 1], RatingScale(0, 1)),
        ([3, 77], RatingScale(0, 100)),
    ],
)
def test_the_first_common_scale_that_holds_every_score_is_taken(
    scores: list[float], expected: RatingScale, tmp_path: Path
) -> None:
    scale, portraits = read_own_ratings(written(tmp_path, ["file,score", *rows(scores * 15)]))
    assert scale == expected
    assert portraits[0].score == pytest.approx(expected.on_shown_scale(scores[0]))


def test_a_named_scale_is_converted_to_1_to_10(tmp_path: Path) -> None:
    _, portraits = read_own_ratings(written(tmp_path, ["file,score", *rows(FINE)]), parse_scale("1-9"))
    assert [portrait.score for portrait in portraits[:5]] == [1, 2.125, 3.25, 4.375, 5.5]


def test_split_and_group_are_optional(tmp_path: Path) -> None:
    _, portraits = read_own_ratings(written(tmp_path, ["file,score", *rows(FINE)]))
    assert {portrait.split for portrait in portraits} == {"train", "val"}
    assert {portrait.group for portrait in portraits} == {""}


def test_an_empty_split_counts_as_missing(tmp_path: Path) -> None:
    lines = ["file,score,split", *(f"{number}.jpg,{score}," for number, score in enumerate(FINE))]
    _, portraits = read_own_ratings(written(tmp_path, lines))
    assert {portrait.split for portrait in portraits} == {"train", "val"}


def test_split_and_group_are_read(tmp_path: Path) -> None:
    head = "score;file;gender;ethnicity;split"
    lines = [head, *(f"{score};{number}.jpg;female;asian;val" for number, score in enumerate(FINE))]
    _, portraits = read_own_ratings(written(tmp_path, lines))
    assert (portraits[3].split, portraits[3].group, portraits[3].file) == ("val", "female asian", "3.jpg")


def test_a_spreadsheets_export_is_read(tmp_path: Path) -> None:
    lines = ["\ufeffFile; Score", *(f"{number}.jpg;{score},5" for number, score in enumerate(FINE))]
    scale, portraits = read_own_ratings(written(tmp_path, lines))
    assert scale == RatingScale(1, 7)
    assert portraits[0].score == pytest.approx(1.75)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["photo,score", *rows(FINE)], "needs a column file; it has: photo, score"),
        ([], "needs a column file and a column score"),
        (["file,score", "0.jpg,high", *rows(FINE)], "line 2: the score 'high' is no number"),
        (["file,score", "0.jpg", *rows(FINE)], "line 2: the score '' is no number"),
        (["file,score", "0.jpg,nan", *rows(FINE)], "line 2: the score 'nan' is no number"),
        (["file,score", "gone.jpg,3", *rows(FINE)], r"line 2: there is no photo 'gone\.jpg'"),
        (["file,score,split", "0.jpg,3,test"], "line 2: a split is train or val, not 'test'"),
        (["file,score", *rows(FINE[:5])], f"has 5 photos; at least {MIN_PORTRAITS} are needed"),
        (["file,score", *rows([3] * 30)], "every score is 3"),
        (["file,score", *rows([-4, 3] * 15)], "fit no usual scale; name it, as 1-10"),
    ],
)
def test_faults_are_reported_with_their_line(lines: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=message):
        read_own_ratings(written(tmp_path, lines))


def test_many_faults_are_reported_at_once_up_to_a_limit(tmp_path: Path) -> None:
    with pytest.raises(RatingsError) as refused:
        read_own_ratings(written(tmp_path, ["file,score", *rows(FINE)], photos=0))
    assert str(refused.value).count("there is no photo") == 10
    assert str(refused.value).endswith("and 20 more")


def test_scores_beyond_the_named_scale_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match="scores from 1 to 5 do not fit the scale 1 to 4"):
        read_own_ratings(written(tmp_path, ["file,score", *rows(FINE)]), parse_scale("1-4"))


@pytest.mark.parametrize("text", ["ten", "1", "5-1", "1-"])
def test_an_invalid_scale_is_refused(text: str) -> None:
    with pytest.raises(RatingsError, match="scale"):
        parse_scale(text)


def test_the_message_names_a_folder_without_ratings(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=r"there is no .*ratings\.csv"):
        read_own_ratings(tmp_path)
