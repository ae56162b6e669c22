"""Refusals in Telegram's words, and parameters in every form that the Bot API takes."""

import json
from collections.abc import Callable, Mapping

import pytest
from aiohttp import ClientSession, FormData
from attrai_playground.bot_api import ChatClient
from attrai_playground.bot_api.control import ChatView

NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a"
    " current content and reply markup of the message"
)
Answer = Mapping[str, object]


async def _call(http: ClientSession, url: str, /, **parameters: object) -> Answer:
    async with http.post(url, json=parameters) as answer:
        body: Answer = await answer.json()
        assert body.get("error_code", 200) == answer.status
        return body


NOTHING = {"chat_id": 1001}
LONG = {"chat_id": 1001, "text": "x" * 4097}
NO_REPLY = {"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 9}}
NO_CAPTION = {"chat_id": 1001, "caption": "x", "message_id": 2}
BAD_SECRET = {"url": "https://example.org", "secret_token": "a b"}
NO_QUERY = "query is too old and response timeout expired or query ID is invalid"


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", NOTHING, "message text is empty"),
        ("sendMessage", {"chat_id": 1001, "text": " \n "}, "message text is empty"),
        ("sendMessage", LONG, "message is too long"),
        ("sendMessage", {"chat_id": 1001, "text": "x", "parse_mode": "Markdown"}, "unsupported parse_mode"),
        ("sendMessage", NO_REPLY, "message to be replied not found"),
        ("sendPhoto", NOTHING, "there is no photo in the request"),
        ("sendPhoto", {"chat_id": 1001, "photo": "nonsense"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {"chat_id": 1001, "photo": "https://example.org/a.jpg"}, "failed to get HTTP URL content"),
        ("sendPhoto", {"chat_id": 1001, "photo": "x", "caption": "x" * 1025}, "message caption is too long"),
        ("editMessageText", {"chat_id": 1001, "text": "x"}, "message identifier is not specified"),
        ("editMessageText", {"chat_id": 1001, "text": "x", "message_id": 99}, "message to edit not found"),
        ("editMessageText", {"chat_id": 1001, "text": "x", "message_id": 1}, "message can't be edited"),
        ("editMessageText", {"chat_id": 1001, "text": "waiting", "message_id": 2}, NOT_MODIFIED),
        ("editMessageText", LONG | {"message_id": 2}, "MESSAGE_TOO_LONG"),
        ("editMessageCaption", NO_CAPTION, "there is no caption in the message to edit"),
        ("editMessageReplyMarkup", {"chat_id": 1001, "message_id": 2}, NOT_MODIFIED),
        ("getFile", {}, "file_id not specified"),
        ("getFile", {"file_id": "nonsense"}, "invalid file_id"),
        ("setWebhook", {"url": "nonsense"}, "invalid webhook URL specified"),
        ("setWebhook", BAD_SECRET, "secret token contains unallowed characters"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, NO_QUERY),
    ],
)
async def test_refusals(
    *,
    http: ClientSession,
    bot_url: str,
    chat: ChatClient,
    method: str,
    parameters: Mapping[str, object],
    description: str,
) -> None:
    await chat.send_text("hello")
    await _call(http, f"{bot_url}/sendMessage", chat_id=chat.user_id, text="waiting")
    answer = await _call(http, f"{bot_url}/{method}", **parameters)
    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: {description}"}


async def test_text_of_a_photo_is_its_caption(
    http: ClientSession, bot_url: str, chat: ChatClient, picture: Callable[..., bytes]
) -> None:
    form = FormData({"chat_id": str(chat.user_id)})
    form.add_field("photo", picture(), filename="a.jpg")
    async with http.post(f"{bot_url}/sendPhoto", data=form) as answer:
        sent = (await answer.json())["result"]
    edit = await _call(
        http, f"{bot_url}/editMessageText", chat_id=chat.user_id, message_id=sent["message_id"], text="x"
    )
    assert edit["description"] == "Bad Request: there is no text in the message to edit"


async def test_a_document_is_no_photo(http: ClientSession, bot_url: str, chat: ChatClient) -> None:
    sent = await chat.send_photo(b"text", as_document=True, file_name="a.txt", mime_type="text/plain")
    assert sent.document is not None
    answer = await _call(http, f"{bot_url}/sendPhoto", chat_id=chat.user_id, photo=sent.document.file_id)
    assert answer["description"] == "Bad Request: can't use file of type Document as Photo"


async def test_a_missing_reply_target_may_be_ignored(http: ClientSession, bot_url: str, chat: ChatClient) -> None:
    reply = {"message_id": 99, "allow_sending_without_reply": True}
    answer = await _call(http, f"{bot_url}/sendMessage", chat_id=chat.user_id, text="x", reply_parameters=reply)
    assert answer["ok"]


async def test_parameters_in_every_form(http: ClientSession, bot_url: str, chat: ChatClient) -> None:
    keyboard = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
    plain = {"chat_id": str(chat.user_id), "text": "same", "reply_markup": json.dumps(keyboard)}
    multipart = FormData(plain)
    multipart.add_field("unknown", b"is passed over", filename="x")
    answers = [
        await http.get(f"{bot_url}/sendMessage", params=plain),
        await http.post(f"{bot_url}/SENDMESSAGE", json={**plain, "reply_markup": keyboard}),
        await http.post(f"{bot_url}/sendmessage", data=plain),
        await http.post(f"{bot_url}/sendMessage", data=multipart),
    ]
    assert [answer.status for answer in answers] == [200] * 4
    sent = await chat.messages()
    assert len({(message.text, message.reply_markup) for message in sent}) == 1
    assert len(sent) == 4


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
async def test_a_body_that_is_no_object(http: ClientSession, bot_url: str, body: bytes) -> None:
    async with http.post(f"{bot_url}/getMe", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400


async def test_a_keyboard_that_is_none(http: ClientSession, bot_url: str, chat: ChatClient) -> None:
    markups: tuple[object, ...] = ("{", {"inline_keyboard": [[{}]]})
    for markup in markups:
        answer = await _call(http, f"{bot_url}/sendMessage", chat_id=chat.user_id, text="x", reply_markup=markup)
        assert str(answer["description"]).startswith("Bad Request: can't parse reply_markup")


async def test_calls_are_logged_with_their_outcome(http: ClientSession, bot_url: str, chat: ChatClient) -> None:
    await _call(http, f"{bot_url}/sendMessage", chat_id=chat.user_id, text="x")
    await _call(http, f"{bot_url}/sendMessage", chat_id=chat.user_id)
    calls = [event for event in await chat.log() if event.kind == "call"]
    assert [(call.method, call.ok, call.code) for call in calls] == [
        ("sendMessage", True, None),
        ("sendMessage", False, 400),
    ]


def _has_no_messages(view: ChatView) -> bool:
    return not any(not record.deleted for record in view.records)


async def test_a_refused_call_leaves_no_message(http: ClientSession, bot_url: str, chat: ChatClient) -> None:
    await _call(http, f"{bot_url}/sendMessage", chat_id=chat.user_id, text="<b>x", parse_mode="HTML")
    assert _has_no_messages(await chat.view())
