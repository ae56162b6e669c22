"""Every method that the bot's own client offers, driven by it."""

from collections.abc import Callable

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import SendDice
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    MediaUnion,
    ReplyParameters,
)
from attrai_playground.bot_api import ChatClient
from attrai_playground.bot_api.media import Upload
from attrai_playground.bot_api.telegram import Standing

Picture = Callable[..., bytes]
KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Again", callback_data="again")]])


async def test_me(aiogram_bot: Bot) -> None:
    me = await aiogram_bot.get_me()
    assert (me.id, me.is_bot) == (42, True)
    assert me.username


async def test_a_wrong_token_is_unauthorized(aiogram_bot: Bot) -> None:
    async with Bot("42:other", session=aiogram_bot.session) as stranger:
        with pytest.raises(TelegramUnauthorizedError, match="Unauthorized"):
            await stranger.get_me()


async def test_an_unknown_method_is_not_found(aiogram_bot: Bot, chat: ChatClient) -> None:
    with pytest.raises(TelegramNotFound, match="method not found"):
        await aiogram_bot(SendDice(chat_id=chat.user_id))


async def test_text_arrives_with_its_sender(aiogram_bot: Bot, chat: ChatClient) -> None:
    await chat.set_language("ru")
    await chat.send_text("/start now")
    (update,) = await aiogram_bot.get_updates()
    message = update.message
    assert message is not None
    assert message.from_user is not None
    assert (message.text, message.chat.id, message.chat.type) == ("/start now", chat.user_id, "private")
    assert (message.from_user.first_name, message.from_user.language_code) == ("Ada", "ru")
    assert [(entity.type, entity.offset, entity.length) for entity in message.entities or []] == [("bot_command", 0, 6)]


async def test_photo_arrives_in_sizes_and_is_downloaded(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    await chat.send_photo(picture(2000, 1000), caption="us")
    (update,) = await aiogram_bot.get_updates()
    assert update.message is not None
    assert update.message.photo is not None
    assert update.message.caption == "us"
    assert [(size.width, size.height) for size in update.message.photo] == [
        (90, 45),
        (320, 160),
        (800, 400),
        (1280, 640),
    ]
    file = await aiogram_bot.get_file(update.message.photo[-1].file_id)
    assert file.file_path is not None
    downloaded = await aiogram_bot.download_file(file.file_path)
    assert downloaded is not None
    assert len(downloaded.read()) == file.file_size == update.message.photo[-1].file_size


async def test_document_arrives_untouched(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    data = picture(kind="PNG")
    await chat.send_photo(data, as_document=True, file_name="my face.png", mime_type="image/png")
    (update,) = await aiogram_bot.get_updates()
    assert update.message is not None
    document = update.message.document
    assert document is not None
    assert (document.file_name, document.mime_type, document.file_size) == ("my face.png", "image/png", len(data))
    assert document.thumbnail is not None
    downloaded = await aiogram_bot.download(document)
    assert downloaded is not None
    assert downloaded.read() == data


async def test_album_arrives_as_messages_of_one_group(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    await chat.send_album([Upload(picture(), f"{i}.jpg", "image/jpeg") for i in range(3)], caption="three")
    messages = [update.message for update in await aiogram_bot.get_updates()]
    assert len({message.media_group_id for message in messages if message}) == 1
    assert [message.caption for message in messages if message] == ["three", None, None]


async def test_message_with_marks_keyboard_and_reply(aiogram_bot: Bot, chat: ChatClient) -> None:
    asked = await chat.send_text("hello")
    sent = await aiogram_bot.send_message(
        chat.user_id,
        "<b>Bold</b> 🎉 <i>it</i>",
        parse_mode="HTML",
        reply_markup=KEYBOARD,
        reply_parameters=ReplyParameters(message_id=asked.message_id),
    )
    assert sent.text == "Bold 🎉 it"
    assert [(entity.type, entity.offset, entity.length) for entity in sent.entities or []] == [
        ("bold", 0, 4),
        ("italic", 8, 2),
    ]
    assert sent.reply_markup is not None
    assert sent.reply_markup.model_dump() == KEYBOARD.model_dump()
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.message_id == asked.message_id


async def test_photo_by_upload_then_by_file_id(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    sent = await aiogram_bot.send_photo(chat.user_id, BufferedInputFile(picture(), "a.jpg"), caption="1 face")
    assert sent.photo is not None
    again = await aiogram_bot.send_photo(chat.user_id, sent.photo[-1].file_id, reply_markup=KEYBOARD)
    assert again.photo == sent.photo
    assert again.reply_markup is not None
    assert again.reply_markup.model_dump() == KEYBOARD.model_dump()
    assert (await chat.download(sent.photo[-1].file_id)).startswith(b"\xff\xd8")


async def test_document_by_upload_then_by_file_id(aiogram_bot: Bot, chat: ChatClient) -> None:
    sent = await aiogram_bot.send_document(chat.user_id, BufferedInputFile(b"a,b", "table.csv"), caption="table")
    assert sent.document is not None
    assert sent.document.file_name == "table.csv"
    again = await aiogram_bot.send_document(chat.user_id, sent.document.file_id)
    assert again.document == sent.document


async def test_media_group_by_upload_and_file_id(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    (first,) = [await chat.send_photo(picture())]
    assert first.photo is not None
    sent = await aiogram_bot.send_media_group(
        chat.user_id,
        [
            InputMediaPhoto(media=BufferedInputFile(picture(), "a.jpg"), caption="<u>new</u>", parse_mode="HTML"),
            InputMediaPhoto(media=first.photo[-1].file_id),
        ],
    )
    assert len({message.media_group_id for message in sent}) == 1
    assert sent[0].caption_entities is not None
    assert sent[1].photo is not None
    assert sent[1].photo[-1].file_id == first.photo[-1].file_id


async def test_media_group_takes_two_to_ten_of_a_kind(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    photo = InputMediaPhoto(media=BufferedInputFile(picture(), "a.jpg"))
    document = InputMediaDocument(media=BufferedInputFile(b"x", "x.txt"))
    groups: list[list[MediaUnion]] = [[photo], [photo] * 11, [photo, document]]
    for group in groups:
        with pytest.raises(TelegramBadRequest):
            await aiogram_bot.send_media_group(chat.user_id, group)
    assert await chat.messages() == []


async def test_edits_keep_the_message_and_its_history(aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    sent = await aiogram_bot.send_message(chat.user_id, "Place 2", reply_markup=KEYBOARD)
    await sent.edit_text("Place 1", reply_markup=KEYBOARD)
    await sent.edit_reply_markup()
    await sent.edit_media(InputMediaPhoto(media=BufferedInputFile(picture(), "a.jpg"), caption="1 face"))
    await sent.edit_caption(caption="1 face: 7.5")
    (record,) = await chat.records()
    assert [version.text or version.caption for version in record.history] == [
        "Place 2",
        "Place 1",
        "Place 1",
        "1 face",
    ]
    assert record.message.caption == "1 face: 7.5"
    assert record.message.text is None
    assert record.message.reply_markup is None
    assert record.message.edit_date is not None


async def test_delete(aiogram_bot: Bot, chat: ChatClient) -> None:
    first = await aiogram_bot.send_message(chat.user_id, "one")
    second = await aiogram_bot.send_message(chat.user_id, "two")
    assert await aiogram_bot.delete_message(chat.user_id, first.message_id)
    assert await aiogram_bot.delete_messages(chat.user_id, [first.message_id, second.message_id])
    assert await chat.messages() == []
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await aiogram_bot.delete_message(chat.user_id, first.message_id)


async def test_chat_action_is_seen(aiogram_bot: Bot, chat: ChatClient) -> None:
    assert await aiogram_bot.send_chat_action(chat.user_id, "upload_photo")
    assert (await chat.wait_for(lambda event: event.kind == "action", 5)).text == "upload_photo"
    with pytest.raises(TelegramBadRequest, match="wrong parameter action"):
        await aiogram_bot.send_chat_action(chat.user_id, "dancing")


async def test_a_press_is_answered_once(aiogram_bot: Bot, chat: ChatClient) -> None:
    sent = await aiogram_bot.send_message(chat.user_id, "?", reply_markup=KEYBOARD)
    pressed = await chat.press(sent.message_id, "again")
    (update,) = await aiogram_bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert query.message is not None
    assert (query.id, query.data, query.message.message_id) == (pressed.id, "again", sent.message_id)
    assert await aiogram_bot.answer_callback_query(query.id, text="Done", show_alert=True)
    answer = await chat.wait_for(lambda event: event.kind == "answer", 5)
    assert (answer.callback_query_id, answer.text, answer.show_alert) == (query.id, "Done", True)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await aiogram_bot.answer_callback_query(query.id)


async def test_commands_by_scope_and_language(aiogram_bot: Bot, chat: ChatClient) -> None:
    private = BotCommandScopeAllPrivateChats()
    await aiogram_bot.set_my_commands([BotCommand(command="help", description="Help")])
    await aiogram_bot.set_my_commands([BotCommand(command="help", description="Помощь")], private, "ru")
    assert [command.description for command in await aiogram_bot.get_my_commands(private, "ru")] == ["Помощь"]
    assert await aiogram_bot.get_my_commands(private) == []
    assert [command.description for command in (await chat.view()).commands] == ["Help"]
    await chat.set_language("ru")
    assert [command.description for command in (await chat.view()).commands] == ["Помощь"]
    only_here = BotCommandScopeChat(chat_id=chat.user_id)
    await aiogram_bot.set_my_commands([BotCommand(command="here", description="Here")], only_here)
    assert [command.command for command in (await chat.view()).commands] == ["here"]
    assert await aiogram_bot.delete_my_commands(only_here)
    assert [command.command for command in (await chat.view()).commands] == ["help"]


async def test_name_and_descriptions(aiogram_bot: Bot, chat: ChatClient) -> None:
    await aiogram_bot.set_my_name("Scorer")
    await aiogram_bot.set_my_description("Send a photo")
    await aiogram_bot.set_my_short_description("Scores")
    assert (await aiogram_bot.get_my_name()).name == "Scorer"
    assert (await aiogram_bot.get_my_description(language_code="ru")).description == "Send a photo"
    assert (await aiogram_bot.get_my_short_description()).short_description == "Scores"
    assert (await chat.view()).description == "Send a photo"


@pytest.mark.parametrize(
    ("standing", "error", "words"),
    [
        ("blocked", TelegramForbiddenError, "bot was blocked by the user"),
        ("deactivated", TelegramForbiddenError, "user is deactivated"),
    ],
)
async def test_people_that_the_bot_cannot_write_to(
    aiogram_bot: Bot, chat: ChatClient, standing: Standing, error: type[Exception], words: str
) -> None:
    await chat.set_standing(standing)
    with pytest.raises(error, match=words):
        await aiogram_bot.send_message(chat.user_id, "hello")


async def test_a_deleted_or_unknown_chat_is_not_found(aiogram_bot: Bot, chat: ChatClient) -> None:
    await chat.delete_chat()
    for chat_id in (chat.user_id, 7, "@somewhere"):
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await aiogram_bot.send_message(chat_id, "hello")


async def test_the_bot_gets_an_update_about_a_block(aiogram_bot: Bot, chat: ChatClient) -> None:
    await chat.set_standing("blocked")
    await chat.set_standing("active")
    changes = [update.my_chat_member for update in await aiogram_bot.get_updates()]
    assert [change.new_chat_member.status for change in changes if change] == ["kicked", "member"]
