import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from attrai_bot.delivery.pending_reply import PictureReply, Reply, SendResult
from attrai_bot.delivery.reply_sender import ReplySender
from attrai_bot.state.live_request import NO_MESSAGE
from attrai_bot.telegram.sending import call_telegram
from attrai_shared.contracts import ReplyAddress
from attrai_shared.logs.events import FIELDS

from tests.unit.bot.telegram_double import CHAT, FakeTelegram, bad_request, flood, forbidden, network

PICTURE = PictureReply(b"jpeg", "1 face found")
REPLIES = pytest.mark.parametrize(
    ("reply", "said"), [(PICTURE, "1 face found"), ("No face.", "No face.")], ids=["picture", "sentence"]
)
TIMEOUT_S = 30.0


def address(waiting_message_id: int) -> ReplyAddress:
    return ReplyAddress(chat_id=CHAT, photo_message_id=7, waiting_message_id=waiting_message_id, language="en")


@REPLIES
async def test_the_reply_replaces_the_waiting_message(
    bot: Bot, telegram: FakeTelegram, reply: Reply, said: str
) -> None:
    assert await ReplySender(bot).send(address(telegram.standing()), reply, TIMEOUT_S) is SendResult.SENT
    assert telegram.said == [said]
    assert telegram.calls.keys() <= {"EditMessageText", "EditMessageMedia"}


@REPLIES
async def test_without_a_waiting_message_the_reply_is_a_new_message(
    bot: Bot, telegram: FakeTelegram, reply: Reply, said: str
) -> None:
    assert await ReplySender(bot).send(address(NO_MESSAGE), reply, TIMEOUT_S) is SendResult.SENT
    assert telegram.said == [said]
    assert set(telegram.replied_to.values()) == {7}


@REPLIES
async def test_a_waiting_message_that_the_user_deleted_is_replaced(
    bot: Bot, telegram: FakeTelegram, reply: Reply, said: str
) -> None:
    waiting = telegram.standing()
    telegram.delete(waiting)
    assert await ReplySender(bot).send(address(waiting), reply, TIMEOUT_S) is SendResult.SENT
    assert telegram.said == [said]


@REPLIES
async def test_a_reply_sent_twice_shows_once(bot: Bot, telegram: FakeTelegram, reply: Reply, said: str) -> None:
    waiting = telegram.standing()
    for _ in range(2):
        assert await ReplySender(bot).send(address(waiting), reply, TIMEOUT_S) is SendResult.SENT
    assert telegram.said == [said]


async def test_a_sentence_does_not_replace_a_picture(bot: Bot, telegram: FakeTelegram) -> None:
    waiting = telegram.standing()
    await ReplySender(bot).send(address(waiting), PICTURE, TIMEOUT_S)
    assert await ReplySender(bot).send(address(waiting), "It took too long.", TIMEOUT_S) is SendResult.SENT
    assert telegram.said == ["1 face found"]


@pytest.mark.parametrize("error", [flood, network])
async def test_temporary_errors_are_retried_and_logged_with_the_pause(
    bot: Bot, telegram: FakeTelegram, error: object, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.order("EditMessageText", error)  # type: ignore[arg-type]
    assert await ReplySender(bot).send(address(telegram.standing()), "No face.", TIMEOUT_S) is SendResult.SENT
    assert telegram.said == ["No face."]
    assert telegram.calls["EditMessageText"] == 2
    [away] = [getattr(record, FIELDS) for record in caplog.records if record.message == "telegram_away"]
    assert away["pause"] == 1.0 if error is flood else 0.2 <= away["pause"] <= 0.5


@pytest.mark.parametrize(
    "error", [forbidden, bad_request("Bad Request: chat not found"), bad_request("Bad Request: user is deactivated")]
)
async def test_a_chat_that_is_gone_is_not_retried(bot: Bot, telegram: FakeTelegram, error: object) -> None:
    telegram.order("EditMessageText", error)  # type: ignore[arg-type]
    assert await ReplySender(bot).send(address(telegram.standing()), "No face.", TIMEOUT_S) is SendResult.UNDELIVERABLE
    assert telegram.calls.total() == 1


async def test_a_picture_that_telegram_refuses(bot: Bot, telegram: FakeTelegram) -> None:
    telegram.order("EditMessageMedia", bad_request("Bad Request: PHOTO_INVALID_DIMENSIONS"))
    assert await ReplySender(bot).send(address(telegram.standing()), PICTURE, TIMEOUT_S) is SendResult.REFUSED


async def test_no_pause_outlasts_the_timeout(bot: Bot, telegram: FakeTelegram) -> None:
    telegram.order("EditMessageText", flood)
    assert await ReplySender(bot).send(address(telegram.standing()), "No face.", timeout_s=0.5) is SendResult.AWAY
    assert telegram.calls.total() == 1


async def test_final_errors_are_raised(bot: Bot, telegram: FakeTelegram) -> None:
    telegram.order("GetFile", network, bad_request("Bad Request: file is too big"))
    with pytest.raises(TelegramBadRequest):
        await call_telegram(lambda: bot.get_file("x"), TIMEOUT_S)
    assert telegram.calls["GetFile"] == 2
