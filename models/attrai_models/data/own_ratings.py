"""Reads a user's own `ratings.csv`, converts its scale to 1 to 10, and refuses faults with a sentence for each."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attrai_models.data.ratings import TRAIN, VAL, Portrait, RatingSet, in_random_tenth

OWN_RATINGS = RatingSet("own", "score", 1, 10)
COMMON_SCALES = ((0, 1), (1, 5), (1, 7), (1, 10), (0, 10), (0, 100))
"""The first scale that holds every score is taken."""
MIN_PORTRAITS = 20
"""A training on fewer portraits learns nothing."""
MAX_LISTED_FAULTS = 10


class RatingsError(ValueError):
    """The folder cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class RatingScale:
    """The range of a user's ratings."""

    lowest: float
    highest: float

    def on_shown_scale(self, score: float) -> float:
        """The score on the scale that users see, 1 to 10."""
        return OWN_RATINGS.lowest + (score - self.lowest) / (self.highest - self.lowest) * (
            OWN_RATINGS.highest - OWN_RATINGS.lowest
        )

    def __str__(self) -> str:
        return f"{self.lowest:g} to {self.highest:g}"


def parse_scale(text: str) -> RatingScale:
    """Read "1-10"; raises `RatingsError`."""
    lowest, _, highest = text.partition("-")
    try:
        scale = RatingScale(float(lowest), float(highest))
    except ValueError as error:
        raise RatingsError(f"a scale is written like 1-10, not {text!r}") from error
    if scale.lowest >= scale.highest:
        raise RatingsError(f"the scale {text} ends before it begins")
    return scale


def read_own_ratings(folder: Path, scale: RatingScale | None = None) -> tuple[RatingScale, list[Portrait]]:
    """Read `ratings.csv`: columns `file` and `score`; optional `split` (train or val), `gender`, `ethnicity`.

    A tenth of the photos without a split becomes `val`. Raises `RatingsError`.
    """
    rows = _rows(folder / "ratings.csv")
    faults = [fault for line, row in enumerate(rows, 2) if (fault := _fault(folder, row, line))]
    if faults:
        raise RatingsError(list_faults(faults))
    if len(rows) < MIN_PORTRAITS:
        raise RatingsError(f"ratings.csv has {len(rows)} photos; at least {MIN_PORTRAITS} are needed")
    scores = [_number(row["score"]) for row in rows]
    scale = scale or _recognized_scale(scores)
    if min(scores) < scale.lowest or max(scores) > scale.highest:
        raise RatingsError(f"scores from {min(scores):g} to {max(scores):g} do not fit the scale {scale}")
    if min(scores) == max(scores):
        raise RatingsError(f"every score is {scores[0]:g}: there is nothing to learn")
    return scale, [_portrait(row, scale.on_shown_scale(score)) for row, score in zip(rows, scores, strict=True)]


def list_faults(faults: list[str]) -> str:
    """The first faults, one a line, and the number of the others."""
    more = [f"and {len(faults) - MAX_LISTED_FAULTS} more"] if len(faults) > MAX_LISTED_FAULTS else []
    return "\n".join([*faults[:MAX_LISTED_FAULTS], *more])


def _rows(file: Path) -> list[Mapping[str, str]]:
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise RatingsError(f"there is no {file}") from error
    except UnicodeDecodeError as error:
        raise RatingsError(f"{file} is not written in UTF-8") from error
    head, *_ = text.splitlines() or [""]
    names = [name.strip().lower() for name in head.split(";" if ";" in head else ",")]
    missing = [name for name in ("file", "score") if name not in names]
    if missing:
        raise RatingsError(f"ratings.csv needs a column {' and a column '.join(missing)}; it has: {', '.join(names)}")
    lines = csv.DictReader(text.splitlines()[1:], names, delimiter=";" if ";" in head else ",", restval="")
    return [{name: value.strip() for name, value in row.items() if isinstance(value, str)} for row in lines]


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _fault(folder: Path, row: Mapping[str, str], line: int) -> str | None:
    try:
        known = math.isfinite(_number(row["score"]))
    except ValueError:
        known = False
    if not known:
        return f"line {line}: the score {row['score']!r} is no number"
    if not (folder / row["file"]).is_file():
        return f"line {line}: there is no photo {row['file']!r}"
    if row.get("split") not in (None, "", TRAIN, VAL):
        return f"line {line}: a split is train or val, not {row['split']!r}"
    return None


def _recognized_scale(scores: list[float]) -> RatingScale:
    for lowest, highest in COMMON_SCALES:
        if lowest <= min(scores) and max(scores) <= highest:
            return RatingScale(lowest, highest)
    raise RatingsError(f"scores from {min(scores):g} to {max(scores):g} fit no usual scale; name it, as 1-10")


def _portrait(row: Mapping[str, str], score: float) -> Portrait:
    split = row.get("split") or (VAL if in_random_tenth(row["file"]) else TRAIN)
    group = " ".join(filter(None, (row.get("gender", ""), row.get("ethnicity", ""))))
    return Portrait(row["file"], split, score, group)
