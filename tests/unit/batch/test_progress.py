import io
from collections.abc import Callable

import pytest
from attrai_batch.progress import DownloadDisplay, ProgressDisplay, Speed, duration, status_line
from rich.console import Console


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def display(
    *, terminal: bool, total: int | None = 1_000, expected: Callable[[], int | None] = lambda: None
) -> tuple[ProgressDisplay, Clock, io.StringIO]:
    clock, out = Clock(), io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120)
    return ProgressDisplay(console, total, expected, clock), clock, out


def test_without_a_terminal_a_line_is_printed_every_ten_seconds() -> None:
    shown, clock, out = display(terminal=False)
    with shown:
        for second in range(26):
            clock.now = second
            shown.show(second * 40, {"no_face": second // 5, "unreadable": 1} if second else {})
    assert out.getvalue().splitlines() == [
        "400 of 1,000 photos, 40.0 a second, 15 s left, failed: 2 no_face, 1 unreadable",
        "800 of 1,000 photos, 40.0 a second, 5 s left, failed: 4 no_face, 1 unreadable",
        "1,000 of 1,000 photos, 40.0 a second, failed: 5 no_face, 1 unreadable",
    ]


def test_a_terminal_gets_a_bar() -> None:
    shown, clock, out = display(terminal=True)
    with shown:
        clock.now = 5
        shown.show(500, {})
    assert "500 of 1,000" in out.getvalue()
    assert "100.0 a second, 5 s left, none failed" in out.getvalue()


def test_photos_of_an_earlier_run_do_not_count_for_the_speed() -> None:
    shown, clock, out = display(terminal=False)
    with shown:
        shown.start_from(600)
        clock.now = 10
        shown.show(700, {})
    assert out.getvalue().splitlines()[0] == "700 of 1,000 photos, 10.0 a second, 30 s left, none failed"


def test_an_unknown_total_is_not_printed() -> None:
    shown, clock, out = display(terminal=False, total=None)
    with shown:
        clock.now = 10
        shown.show(700, {})
    assert out.getvalue().splitlines()[0] == "700 photos, 70.0 a second, none failed"


def test_an_estimated_total_is_printed_as_an_estimate() -> None:
    guesses = iter([None, 2_100, 1_300])
    shown, clock, out = display(terminal=False, total=None, expected=lambda: next(guesses))
    with shown:
        for done in (700, 1_400, 1_500):
            clock.now += 10
            shown.show(done, {})
    assert out.getvalue().splitlines()[:3] == [
        "700 photos, 70.0 a second, none failed",
        "1,400 of about 2,100 photos, 70.0 a second, 10 s left, none failed",
        "1,500 of about 1,500 photos, 50.0 a second, none failed",
    ]


def test_the_bar_ends_at_the_real_number() -> None:
    guesses = iter([1_300, 1_290])
    shown, clock, out = display(terminal=True, total=None, expected=lambda: next(guesses))
    with shown:
        for done in (700, 1_290):
            clock.now += 10
            shown.show(done, {})
    assert "1,290 of about 1,290" in out.getvalue()


def test_speed_is_that_of_the_last_half_minute() -> None:
    speed = Speed()
    assert speed.at(0, 0) == 0
    for second in range(1, 100):
        speed.at(second, 10 * second)
    assert speed.at(100, 1_000) == 10
    assert speed.at(140, 1_000) == 0


def test_many_reasons_are_cut_to_the_most_frequent() -> None:
    failed = {f"reason_{chr(97 + i)}": i + 1 for i in range(6)}
    assert (
        status_line(1, 30, None, failed)
        == "1.0 a second, failed: 6 reason_f, 5 reason_e, 4 reason_d, 3 reason_c, 3 others"
    )


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (200, "3 min 20 s"), (7_500, "2 h 5 min")])
def test_durations_are_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_download_prints_a_line_every_ten_seconds() -> None:
    clock, out = Clock(), io.StringIO()
    on_progress = DownloadDisplay(Console(file=out, force_terminal=False), clock)
    for second in range(25):
        clock.now = second
        on_progress(second * 100_000_000, 3_000_000_000 if second > 15 else None)
    assert out.getvalue().splitlines() == ["downloaded 1,000 MB", "downloaded 2,000 of 3,000 MB"]
