import pytest
from attrai_bot.state.eta import Throughput, wait_seconds, waiting_text
from attrai_bot.state.timings import OVERHEAD_S, QueueLoad, Timings

TEXT_PARAMS = {"limit": 3, "megabytes": 20, "minutes": 10}


def of(seconds: float) -> Timings:
    """Timings by which a replica needs this long for a photo, overhead included."""
    return Timings(photos=9, seconds=seconds - OVERHEAD_S)


@pytest.mark.parametrize(("ahead", "replicas", "seconds"), [(0, 1, 0.5), (4, 2, 1.5), (4, 1, 2.5)])
def test_replicas_share_the_queue(ahead: int, replicas: int, seconds: float) -> None:
    assert wait_seconds(QueueLoad(ahead, 0), 0, Throughput(replicas, of(0.5))) == pytest.approx(seconds)


def test_large_photos_wait_longer_and_make_others_wait() -> None:
    throughput = Throughput(1, Timings(photos=20, seconds=0.5, bytes=100_000, variance=1e10, covariance=3e4))
    small, large = 10_000, 400_000
    waits = [
        wait_seconds(ahead, size, throughput) or 0.0
        for ahead in (QueueLoad(3, 3 * small), QueueLoad(3, 3 * large))
        for size in (small, large)
    ]
    assert waits == sorted(waits)
    assert waits[2] > 2 * waits[0]


def test_two_hundred_photos_without_history_get_an_eta_near_a_minute() -> None:
    assert "in about 40 s." in waiting_text(
        "en", 201, wait_seconds(QueueLoad(200, 10**8), 10**6, Throughput(1)), 1, TEXT_PARAMS
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.01, "1 s"),
        (3.2, "3 s"),
        (22.4, "20 s"),
        (118.0, "2 min"),
        (140.0, "2 min 15 s"),
        (597.0, "10 min"),
        (1000.0, "17 min"),
    ],
)
def test_longer_waits_are_rounded_more_coarsely(seconds: float, said: str) -> None:
    assert f"in about {said}." in waiting_text("en", 1, seconds, 1, TEXT_PARAMS)


def test_the_message_tells_place_and_quota() -> None:
    text = waiting_text("en", 3, 1.0, 2, TEXT_PARAMS)
    assert "number 3 in the queue" in text
    assert text.endswith("Photos of yours under way: 2 of 3.")
    assert waiting_text("ru", 3, 1.0, 2, TEXT_PARAMS).endswith("Ваших фотографий в работе: 2 из 3.")


def test_without_replicas_there_is_no_eta() -> None:
    wait = wait_seconds(QueueLoad(4), 0, Throughput(0, of(0.5)))
    assert "No estimator is running" in waiting_text("en", 5, wait, 1, TEXT_PARAMS)
