import pytest
from attrai_bot.forecast import Pace, wait_seconds, waiting_text

FIGURES = {"limit": 3, "megabytes": 20, "minutes": 10}


@pytest.mark.parametrize(
    ("ahead", "replicas", "mean", "seconds"),
    [(0, 1, 0.5, 0.5), (4, 2, 0.5, 1.5), (4, 0, 2.0, 10.0), (0, 1, None, 1.0)],
)
def test_replicas_share_the_queue(ahead: int, replicas: int, mean: float | None, seconds: float) -> None:
    assert wait_seconds(ahead, Pace(replicas, mean)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("mean", "said"), [(0.01, "1 s"), (3.2, "4 s"), (11.0, "15 s"), (120.0, "120 s"), (121.0, "3 min")]
)
def test_the_wait_is_rounded_up_ever_more_coarsely(mean: float, said: str) -> None:
    assert f"in about {said}." in waiting_text("en", 0, 1, Pace(1, mean), FIGURES)


def test_the_message_tells_place_and_quota() -> None:
    text = waiting_text("en", 2, 2, Pace(1, 1.0), FIGURES)
    assert "number 3 in the queue" in text
    assert text.endswith("Photos of yours under way: 2 of 3.")
    assert waiting_text("ru", 2, 2, Pace(1, 1.0), FIGURES).endswith("Ваших фотографий в работе: 2 из 3.")


def test_no_time_is_promised_while_nobody_works() -> None:
    assert "No estimator is running" in waiting_text("en", 0, 1, Pace(0, 1.0), FIGURES)
