import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.methods import GetMe
from attrai_bot.telegram import Fault, fault_of


@pytest.mark.parametrize(
    ("description", "fault"),
    [
        (
            "Bad Request: message is not modified: specified new message content and reply markup are exactly the same",
            Fault.ALREADY_THERE,
        ),
        ("Bad Request: there is no text in the message to edit", Fault.ALREADY_THERE),
        ("Bad Request: message to edit not found", Fault.MESSAGE_GONE),
        ("Bad Request: message can't be edited", Fault.MESSAGE_GONE),
        ("Bad Request: MESSAGE_ID_INVALID", Fault.MESSAGE_GONE),
        ("Bad Request: chat not found", Fault.CHAT_GONE),
        ("Bad Request: PHOTO_INVALID_DIMENSIONS", Fault.REFUSED),
    ],
)
def test_descriptions_say_what_is_wrong(description: str, fault: Fault) -> None:
    assert fault_of(TelegramBadRequest(GetMe(), description)) is fault


def test_a_blocked_bot_and_a_moved_chat_reach_nobody() -> None:
    assert fault_of(TelegramForbiddenError(GetMe(), "Forbidden: bot was blocked by the user")) is Fault.CHAT_GONE
    assert fault_of(TelegramMigrateToChat(GetMe(), "moved", migrate_to_chat_id=-1)) is Fault.CHAT_GONE
