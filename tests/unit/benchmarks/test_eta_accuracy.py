"""What the benchmark reads out of a chat's log is what the bot said there, and when."""

import pytest
from attrai_bot.state.eta import waiting_text
from attrai_playground.bot_api.events import Event
from attrai_playground.bot_api.types import Chat, Message, User

from benchmarks.task_queue.eta_accuracy import eta_samples, eta_seconds

FIGURES = {"limit": 3, "megabytes": 20, "minutes": 10}
REPLY = "1 face found"


def waiting(wait: float | None) -> str:
    return waiting_text("en", 3, wait, 1, FIGURES)


def event_of(time: float, text: str, message_id: int, *, edited: bool = True) -> Event:
    message = Message(
        message_id=message_id,
        date=int(time),
        chat=Chat(id=1, first_name="A"),
        from_=User(id=2, is_bot=True, first_name="Attrai"),
        text=text,
    )
    return Event(time=time, kind="edited" if edited else "message", chat_id=1, message=message, by_bot=True)


@pytest.mark.parametrize("seconds", [0.2, 7.0, 20.0, 62.0, 119.0, 135.0, 150.0, 598.0, 1000.0])
def test_the_told_time_is_read_from_the_bots_words(seconds: float) -> None:
    assert eta_seconds(waiting(seconds)) == pytest.approx(seconds, rel=0.1, abs=0.8)


def test_no_time_is_read_where_none_is_told() -> None:
    assert eta_seconds(waiting(None)) is None
    assert eta_seconds(REPLY) is None


def test_each_telling_is_held_against_its_reply() -> None:
    events = [
        event_of(100.0, waiting(10.0), 1, edited=False),
        event_of(101.0, waiting(4.0), 2, edited=False),
        event_of(105.0, waiting(6.0), 1),
        event_of(106.0, REPLY, 2),
        event_of(112.0, REPLY, 1),
        event_of(113.0, waiting(9.0), 3, edited=False),
    ]
    of_second, first, edited = eta_samples(events)
    assert (of_second.photo, of_second.first, of_second.eta, of_second.actual) == (0, True, 4.0, 5.0)
    assert of_second.error == pytest.approx(0.2)
    assert (first.photo, first.first, first.eta, first.actual) == (1, True, 10.0, 12.0)
    assert (edited.photo, edited.first, edited.eta, edited.actual) == (1, False, 6.0, 7.0)
