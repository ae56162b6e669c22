# ruff: noqa: RUF001  # Russian is written in Cyrillic

from attrai_bot.delivery.captions import CAPTION_LIMIT, caption, failure_sentence
from attrai_bot.texts import SENTENCES
from attrai_shared.contracts import FaceScore, Language
from attrai_shared.errors import Busy, GivenUp, NoFace, TimedOut
from hypothesis import given
from hypothesis import strategies as st

TEXT_PARAMS = {"limit": 3, "megabytes": 20, "minutes": 10}
REQUEST = "0123456789abcdef" * 2

languages = st.sampled_from(["en", "ru"])
reasons = st.lists(
    st.from_regex(r"[a-z_]{1,40}", fullmatch=True) | st.sampled_from(["blurred", "too_small"]), max_size=3
)
faces = st.builds(FaceScore, score=st.floats(1, 10), reasons=reasons.map(tuple))


@given(language=languages, found=st.lists(faces, min_size=1, max_size=400).map(tuple))
def test_a_caption_fits_the_limit_for_any_faces(language: Language, found: tuple[FaceScore, ...]) -> None:
    written = caption(language, found)
    assert len(written.encode("utf-16-le")) // 2 <= CAPTION_LIMIT
    assert written.splitlines()[0].split()[0 if language == "en" else 1] == str(len(found))


@given(language=languages, scores=st.lists(st.integers(10, 100), min_size=2, max_size=300))
def test_a_caption_shows_or_counts_every_face(language: Language, scores: list[int]) -> None:
    lines = caption(language, tuple(FaceScore(score=score / 10) for score in scores)).splitlines()[1:]
    numbered = [line for line in lines if line[0].isdigit()]
    for number, (line, score) in enumerate(zip(numbered, scores, strict=False), 1):
        assert line == f"{number}. {score / 10:.1f}".replace(".", "." if language == "en" else ",").replace(",", ".", 1)
    missing = len(scores) - len(numbered)
    assert lines[len(numbered) :] == ([] if missing == 0 else [SENTENCES[language]["more"].format(more=missing)])


def test_captions_in_words() -> None:
    found = (FaceScore(score=7.4), FaceScore(score=3.1, reasons=("blurred", "too_dark")), FaceScore(score=10))
    assert (
        caption("en", found) == "3 faces found, from left to right\n1. 7.4\n2. no score: the face is not sharp\n3. 10.0"
    )
    assert caption("ru", found[:2]) == "Найдено 2 лица, слева направо\n1. 7,4\n2. без оценки: лицо нерезкое"
    assert caption("en", found[:1]) == "1 face found\nScore: 7.4 out of 10"
    assert caption("ru", found[1:2]) == "Найдено 1 лицо\nБез оценки: лицо нерезкое"


def test_a_reason_of_a_newer_estimator_is_not_shown_as_a_code() -> None:
    assert "sunglasses" not in caption("en", (FaceScore(score=5, reasons=("sunglasses",)),))


def test_a_failure_says_what_to_do_and_what_to_quote() -> None:
    for code in (NoFace.code, TimedOut.code, GivenUp.code, Busy.code):
        assert failure_sentence("en", code, REQUEST, TEXT_PARAMS).endswith(" (request 01234567)")
        assert failure_sentence("ru", code, REQUEST, TEXT_PARAMS).endswith(" (запрос 01234567)")
    assert failure_sentence("en", TimedOut.code, REQUEST, TEXT_PARAMS).startswith(
        "It took too long, please send the photo again."
    )
    assert failure_sentence("en", "a_code_of_tomorrow", REQUEST, TEXT_PARAMS).startswith("Something went wrong.")
