import numpy as np
import pytest
from attrai_estimator.steps.annotate import COLOURS, INK, UNSCORED_COLOUR, annotate, caption_label
from attrai_estimator.values import Box, Detection, Face, Pixels, Quality
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

GREY = 128


def picture(width: int = 640, height: int = 480) -> Image.Image:
    return Image.new("RGB", (width, height), (GREY, GREY, GREY))


def annotated(before: Image.Image, faces: list[Face], scale: float) -> Pixels:
    return np.asarray(annotate(before, faces, scale))


def face(*box: float, score: float = 7.44, reasons: tuple[str, ...] = ()) -> Face:
    return Face(Detection(Box(*box), np.zeros((5, 2), np.float32), 0.99), score, Quality(reasons))


def has(pixels: Pixels, colour: tuple[int, int, int]) -> bool:
    return bool((pixels == colour).all(axis=-1).any())


def test_the_label_is_the_score_and_in_company_its_number_before_it() -> None:
    assert caption_label(1, 1, face(0, 0, 9, 9)) == "7.4"
    assert caption_label(2, 3, face(0, 0, 9, 9)) == "2 · 7.4"


def test_a_score_that_cannot_be_trusted_is_a_question_mark() -> None:
    gated = face(0, 0, 9, 9, reasons=("blurred",))
    assert caption_label(1, 1, gated) == "?"
    assert caption_label(12, 60, gated) == "12 · ?"


def test_the_box_is_drawn_where_the_face_is() -> None:
    drawn = annotated(picture(), [face(200, 150, 320, 300)], 1.0)
    for row, column in ((150, 260), (299, 260), (225, 200), (225, 319)):
        assert has(drawn[row - 1 : row + 3, column - 1 : column + 3], COLOURS[0])
    assert (drawn[160:290, 210:310] == GREY).all()


def test_coordinates_of_the_photo_are_scaled_to_the_picture() -> None:
    large = annotated(picture(), [face(800, 600, 1_280, 1_200)], 0.25)
    assert (large == annotated(picture(), [face(200, 150, 320, 300)], 1.0)).all()


def test_the_picture_given_is_left_as_it_was() -> None:
    before = picture()
    annotate(before, [face(200, 150, 320, 300)], 1.0)
    assert (np.asarray(before) == GREY).all()


def test_without_faces_nothing_is_drawn() -> None:
    assert (annotated(picture(), [], 1.0) == GREY).all()


def test_a_box_over_the_border_is_drawn_whole_within_the_picture() -> None:
    drawn = annotated(picture(), [face(-50, -50, 700, 530)], 1.0)
    for side in (drawn[:8, 320], drawn[-8:, 320], drawn[240, :8], drawn[240, -8:]):
        assert has(side, COLOURS[0])
        assert has(side, INK)


def test_a_gated_face_has_a_grey_dashed_box() -> None:
    drawn = annotated(picture(), [face(200, 150, 320, 300, reasons=("too_dark",))], 1.0)
    assert has(drawn, UNSCORED_COLOUR)
    assert not any(has(drawn, colour) for colour in COLOURS)
    side = (drawn[160:290, 200] == UNSCORED_COLOUR).all(axis=-1)
    assert np.abs(np.diff(side.astype(int))).sum() > 4


def test_neighbours_differ_in_colour_and_everyone_is_labelled() -> None:
    faces = [face(20 + 100 * i, 200, 90 + 100 * i, 290) for i in range(6)]
    drawn = annotated(picture(), faces, 1.0)
    assert all(has(drawn, colour) for colour in COLOURS)


@pytest.mark.parametrize("colour", [*COLOURS, UNSCORED_COLOUR])
def test_black_text_is_legible_on_every_label(colour: tuple[int, int, int]) -> None:
    """Contrast ratio of WCAG 2.2; 7 is its strictest level."""
    channels = np.array(colour) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    assert (linear @ [0.2126, 0.7152, 0.0722] + 0.05) / 0.05 > 8


COORDINATE = st.floats(-500, 1_500)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(COORDINATE, COORDINATE, COORDINATE, COORDINATE), max_size=8),
    st.sampled_from([(960, 48), (48, 960), (960, 960)]),
)
def test_any_boxes_can_be_drawn(corners: list[tuple[float, float, float, float]], size: tuple[int, int]) -> None:
    faces = [face(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)) for x0, y0, x1, y1 in corners]
    assert annotate(picture(*size), faces, 1.0).size == size


def test_the_picture_itself_stays_as_it_is() -> None:
    """It may be the photo's own, which other steps read."""
    before = picture()
    bytes_before = before.tobytes()
    assert annotate(before, [face(200, 150, 320, 300)], 1.0).tobytes() != bytes_before
    assert before.tobytes() == bytes_before
