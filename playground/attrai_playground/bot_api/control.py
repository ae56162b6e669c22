"""The people's side over HTTP, for the chat page and for tests: /playground/... Not part of the Bot API.

Answers are JSON; errors are {"error": sentence} with an HTTP status. USER is the id of user and chat.

GET    /playground/info                              {"bot": User, "polled": bool, "last_event": seq}
GET    /playground/users                             [Person]
POST   /playground/users                             new person; body NewPerson, all optional -> Person
POST   /playground/users/USER                        body PersonChange: language, name, standing -> Person
DELETE /playground/users/USER                        deletes the chat with its messages
GET    /playground/chats/USER                        ChatView: person, records, commands, description, last_event
POST   /playground/chats/USER/text                   body NewText -> Message
POST   /playground/chats/USER/files                  form: file (1 to 10), as=photo|document, caption,
                                                     reply_to -> [Message]
POST   /playground/chats/USER/presses                body ButtonPress -> CallbackQuery
DELETE /playground/chats/USER/messages/MESSAGE       deletes one message, for both sides
GET    /playground/files/FILE_ID                     the bytes of any file
GET    /playground/events?after=SEQ&chat_id=USER     server-sent events: id SEQ, data Event; endless
GET    /playground/log?after=SEQ&chat_id=USER        the same as a list
GET    /playground/failures                          what is ordered: [Failure]
POST   /playground/failures                          body Failure -> Failure
DELETE /playground/failures                          removes all orders
"""

from typing import Literal, TypeVar

from aiohttp import web
from aiohttp.web_request import FileField
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .bot_routes import TELEGRAM
from .errors import ApiError, bad_request
from .failures import Failure
from .methods import wire
from .people import delete_chat, join, press_button, save_person, send_files, send_text, set_standing
from .requests import read_upload
from .telegram import MessageRecord, Person, Standing
from .types import ApiObject, BotCommand, User

Body = TypeVar("Body", bound=BaseModel)

SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp", "image/gif")
"""Other types are downloads: a page or an SVG that someone sent must not run here."""


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NewPerson(_Body):
    id: int | None = Field(default=None, ge=1, lt=2**52)
    first_name: str | None = Field(default=None, min_length=1, max_length=64)
    last_name: str | None = None
    username: str | None = None
    language_code: str = "en"


class PersonChange(_Body):
    first_name: str | None = Field(default=None, min_length=1, max_length=64)
    language_code: str | None = None
    standing: Standing | None = None


class NewText(_Body):
    text: str = Field(min_length=1, max_length=4096)
    reply_to: int | None = None


class ButtonPress(_Body):
    message_id: int
    data: str


class ChatView(ApiObject):
    """A chat as a person sees it, with deleted messages and earlier versions."""

    person: Person
    records: tuple[MessageRecord, ...]
    commands: tuple[BotCommand, ...]
    description: str
    last_event: int


class ServerInfo(ApiObject):
    """`polled`: whether the bot is polling for updates now."""

    bot: User
    polled: bool
    last_event: int


def control_routes() -> list[web.RouteDef]:
    """The routes in the module's docstring."""
    user, chat = "/playground/users/{user:[0-9]+}", "/playground/chats/{user:[0-9]+}"
    return [
        web.get("/playground/info", _info),
        web.get("/playground/users", _people),
        web.post("/playground/users", _join),
        web.post(user, _change),
        web.delete(user, _leave),
        web.get(chat, _chat),
        web.post(f"{chat}/text", _say),
        web.post(f"{chat}/files", _send),
        web.post(f"{chat}/presses", _press),
        web.delete(f"{chat}/messages/{{message:[0-9]+}}", _delete),
        web.get("/playground/files/{file_id}", _file),
        web.get("/playground/events", _events),
        web.get("/playground/log", _log),
        web.get("/playground/failures", _failures),
        web.post("/playground/failures", _order),
        web.delete("/playground/failures", _clear),
    ]


async def _info(request: web.Request) -> web.Response:
    telegram = request.app[TELEGRAM]
    return _answer(ServerInfo(bot=telegram.me, polled=telegram.updates.polled, last_event=telegram.events.last))


async def _people(request: web.Request) -> web.Response:
    return web.json_response(wire(list(request.app[TELEGRAM].people.rows())))


async def _join(request: web.Request) -> web.Response:
    telegram, new = request.app[TELEGRAM], await _body(request, NewPerson)
    number = new.id or max(telegram.people.next_key(), 1001)
    first_name = new.first_name or f"Guest {number}"
    user = User.model_validate({**new.model_dump(), "id": number, "first_name": first_name})
    return _answer(join(telegram, user))


async def _change(request: web.Request) -> web.Response:
    telegram, person = request.app[TELEGRAM], _person(request)
    wanted = await _body(request, PersonChange)
    about = wanted.model_dump(exclude={"standing"}, exclude_none=True)
    if about:
        person = save_person(telegram, person.model_copy(update={"user": person.user.model_copy(update=about)}))
    return _answer(set_standing(telegram, person, wanted.standing) if wanted.standing else person)


async def _leave(request: web.Request) -> web.Response:
    delete_chat(request.app[TELEGRAM], _person(request))
    return web.json_response(True)


async def _chat(request: web.Request) -> web.Response:
    telegram, person = request.app[TELEGRAM], _person(request)
    language = person.user.language_code or ""
    return _answer(
        ChatView(
            person=person,
            records=tuple(telegram.chat_records(person.user.id)),
            commands=telegram.profile.menu_for(person.user.id, language).commands,
            description=telegram.profile.text("description", language),
            last_event=telegram.events.last,
        )
    )


async def _say(request: web.Request) -> web.Response:
    person, text = _writer(request), await _body(request, NewText)
    return _answer(send_text(request.app[TELEGRAM], person, text.text, text.reply_to))


async def _send(request: web.Request) -> web.Response:
    person, form = _writer(request), await request.post()
    uploads = [read_upload(part) for part in form.getall("file", []) if isinstance(part, FileField)]
    kind: Literal["photo", "document"] = "document" if form.get("as") == "document" else "photo"
    reply_to = str(form.get("reply_to", ""))
    sent = await send_files(
        request.app[TELEGRAM],
        person,
        uploads,
        kind=kind,
        caption=str(form.get("caption", "")),
        reply_to=int(reply_to) if reply_to.isdecimal() else None,
    )
    return web.json_response(wire(sent))


async def _press(request: web.Request) -> web.Response:
    person, pressed = _writer(request), await _body(request, ButtonPress)
    return _answer(
        press_button(request.app[TELEGRAM], person, _record(request, person, pressed.message_id), pressed.data)
    )


async def _delete(request: web.Request) -> web.Response:
    person = _person(request)
    request.app[TELEGRAM].delete(_record(request, person, int(request.match_info["message"])))
    return web.json_response(True)


async def _events(request: web.Request) -> web.StreamResponse:
    events = request.app[TELEGRAM].events
    after = _number(request.headers.get("Last-Event-ID")) or _number(request.query.get("after")) or 0
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    await response.write(b": here\n\n")
    async for event in events.follow(after, _number(request.query.get("chat_id"))):
        await response.write(
            f"id: {event.seq}\ndata: {event.model_dump_json(by_alias=True, exclude_none=True)}\n\n".encode()
        )
    return response


async def _log(request: web.Request) -> web.Response:
    query = request.query
    found = request.app[TELEGRAM].events.after(_number(query.get("after")) or 0, _number(query.get("chat_id")))
    return web.json_response(wire(found))


async def _file(request: web.Request) -> web.StreamResponse:
    found = request.app[TELEGRAM].media.find(request.match_info["file_id"])
    if found is None:
        raise ApiError(404, "no such file")
    file, place = found
    inline = file.mime_type in SHOWN_INLINE
    headers = {
        "Content-Type": file.mime_type if inline else "application/octet-stream",
        "Content-Disposition": "inline" if inline else "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.FileResponse(place, headers=headers)


async def _failures(request: web.Request) -> web.Response:
    return web.json_response([failure.model_dump() for failure in request.app[TELEGRAM].failures.pending()])


async def _order(request: web.Request) -> web.Response:
    failure = await _body(request, Failure)
    request.app[TELEGRAM].failures.order(failure)
    return web.json_response(failure.model_dump())


async def _clear(request: web.Request) -> web.Response:
    request.app[TELEGRAM].failures.clear()
    return web.json_response(True)


def _person(request: web.Request) -> Person:
    person = request.app[TELEGRAM].people.get(int(request.match_info["user"]))
    if person is None:
        raise ApiError(404, "no such person")
    return person


def _writer(request: web.Request) -> Person:
    person = _person(request)
    if person.standing != "active":
        raise ApiError(409, f"this person cannot write: {person.standing}")
    return person


def _record(request: web.Request, person: Person, message_id: int) -> MessageRecord:
    record = request.app[TELEGRAM].find(person.user.id, message_id)
    if record is None:
        raise ApiError(404, "no such message")
    return record


async def _body(request: web.Request, model: type[Body]) -> Body:
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise bad_request(f"{error.errors()[0]['loc']}: {error.errors()[0]['msg']}") from error


def _answer(result: ApiObject) -> web.Response:
    return web.json_response(result.wire())


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
