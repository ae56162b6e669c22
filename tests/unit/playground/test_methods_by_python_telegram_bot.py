"""The same methods by an independent client, so that the server is not bent to one."""

from collections.abc import Callable

import pytest
from attrai_playground.bot_api import ChatClient
from attrai_playground.bot_api.media import Upload
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    ReplyParameters,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, InvalidToken

Picture = Callable[..., bytes]
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Again", callback_data="again")]])


async def test_me(telegram_bot: Bot) -> None:
    assert (await telegram_bot.get_me()).id == 42


async def test_a_wrong_token_is_refused(base_url: str) -> None:
    with pytest.raises(InvalidToken):
        async with Bot("42:other", base_url=f"{base_url}/bot"):
            pass


async def test_updates_of_every_kind(telegram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    await chat.send_text("hello")
    await chat.send_photo(picture())
    await chat.send_photo(picture(), as_document=True)
    await chat.send_album([Upload(picture(), "a.jpg", "image/jpeg")] * 2)
    sent = await telegram_bot.send_message(chat.user_id, "?", reply_markup=KEYBOARD)
    pressed = await chat.press(sent.message_id, "again")
    updates = await telegram_bot.get_updates(timeout=5)
    text, photo, document, first, second, press = updates
    assert text.message is not None
    assert text.message.text == "hello"
    assert photo.message is not None
    assert photo.message.photo
    assert document.message is not None
    assert document.message.document
    assert first.message is not None
    assert second.message is not None
    assert first.message.media_group_id == second.message.media_group_id is not None
    assert press.callback_query is not None
    assert press.callback_query.id == pressed.id
    assert await press.callback_query.answer("Done")


async def test_files_are_downloaded(telegram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    data = picture()
    sent = await chat.send_photo(data, as_document=True)
    assert sent.document is not None
    file = await telegram_bot.get_file(sent.document.file_id)
    assert bytes(await file.download_as_bytearray()) == data


async def test_sending(telegram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    asked = await chat.send_text("hello")
    reply = ReplyParameters(asked.message_id)
    text = await telegram_bot.send_message(chat.user_id, "<b>x</b>", ParseMode.HTML, reply_parameters=reply)
    photo = await telegram_bot.send_photo(chat.user_id, picture(), caption="1 face", reply_markup=KEYBOARD)
    again = await telegram_bot.send_photo(chat.user_id, photo.photo[-1])
    document = await telegram_bot.send_document(chat.user_id, b"a,b", filename="table.csv")
    assert document.document is not None
    second = await telegram_bot.send_document(chat.user_id, document.document.file_id)
    assert text.reply_to_message is not None
    assert text.entities[0].type == "bold"
    assert again.photo == photo.photo
    assert photo.reply_markup == KEYBOARD
    assert second.document == document.document
    assert await telegram_bot.send_chat_action(chat.user_id, ChatAction.TYPING)
    assert len(await chat.messages(by_bot=True)) == 5


async def test_media_groups(telegram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    photos = await telegram_bot.send_media_group(
        chat.user_id, [InputMediaPhoto(picture(), caption="two"), InputMediaPhoto(picture(colour="red"))]
    )
    documents = await telegram_bot.send_media_group(chat.user_id, [InputMediaDocument(b"1"), InputMediaDocument(b"2")])
    assert [message.caption for message in photos] == ["two", None]
    assert photos[0].media_group_id == photos[1].media_group_id != documents[0].media_group_id


async def test_edits_and_deletes(telegram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    sent = await telegram_bot.send_message(chat.user_id, "Place 2", reply_markup=KEYBOARD)
    await sent.edit_text("Place 1", reply_markup=KEYBOARD)
    await sent.edit_reply_markup()
    await sent.edit_media(InputMediaPhoto(picture(), caption="1 face"))
    await sent.edit_caption("1 face: 7.5")
    (record,) = await chat.records()
    assert len(record.history) == 4
    assert record.message.caption == "1 face: 7.5"
    assert await sent.delete()
    assert await chat.messages() == []


async def test_commands_and_descriptions(telegram_bot: Bot, chat: ChatClient) -> None:
    scope = BotCommandScopeChat(chat.user_id)
    assert await telegram_bot.set_my_commands([BotCommand("help", "Help")], scope)
    assert await telegram_bot.get_my_commands(scope) == (BotCommand("help", "Help"),)
    assert await telegram_bot.delete_my_commands(scope)
    assert await telegram_bot.get_my_commands(scope) == ()
    assert await telegram_bot.set_my_description("Send a photo")
    assert (await telegram_bot.get_my_description()).description == "Send a photo"


async def test_errors(telegram_bot: Bot, chat: ChatClient) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await telegram_bot.send_message(7, "hello")
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await telegram_bot.send_message(chat.user_id, "hello", reply_to_message_id=99)
    await chat.set_standing("blocked")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await telegram_bot.send_message(chat.user_id, "hello")
