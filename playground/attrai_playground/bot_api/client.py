"""An async client of the people's side: demo and tests use it to chat with the bot."""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import TypeVar

import aiohttp
from pydantic import JsonValue, TypeAdapter

from .control import ChatView, ServerInfo
from .events import Event
from .failures import Failure
from .media import Upload
from .telegram import MessageRecord, Person, Standing
from .types import ApiObject, CallbackQuery, Message

Answer = TypeVar("Answer", bound=ApiObject)
_MESSAGES = TypeAdapter(list[Message])
_EVENTS = TypeAdapter(list[Event])


class RefusedError(Exception):
    """The server answered with an error: its sentence and `status`."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class ChatClient:
    """One person's chat with the bot: `async with ChatClient("http://127.0.0.1:PORT") as chat`.

    On entering, a new person joins, or the person `user_id` continues. `chat.user_id` is the id of user and chat.
    Methods raise RefusedError when the server refuses, and aiohttp.ClientError when it cannot be reached.
    """

    def __init__(
        self, base_url: str, *, user_id: int | None = None, first_name: str | None = None, language_code: str = "en"
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._wanted = {"id": user_id, "first_name": first_name, "language_code": language_code}
        self.user_id = user_id or 0

    async def __aenter__(self) -> "ChatClient":
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=10))
        if self._wanted["id"] is None or not await self._known():
            self.user_id = (await self._post(Person, "users", self._wanted)).user.id
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def send_text(self, text: str, *, reply_to: int | None = None) -> Message:
        """Sends a text or a command."""
        return await self._post(Message, f"{self._chat}/text", {"text": text, "reply_to": reply_to})

    async def send_photo(
        self,
        data: bytes,
        *,
        as_document: bool = False,
        file_name: str = "photo.jpg",
        mime_type: str = "image/jpeg",
        caption: str | None = None,
        reply_to: int | None = None,
    ) -> Message:
        """Sends a picture as a photo, or unchanged as a file.

        As in Telegram's clients, data that cannot be a photo is sent as a file; the message shows which.
        """
        upload = Upload(data, file_name, mime_type)
        return (await self._send([upload], as_document, caption, reply_to))[0]

    async def send_album(
        self, uploads: Sequence[Upload], *, as_document: bool = False, caption: str | None = None
    ) -> list[Message]:
        """Sends 2 to 10 files as one album: messages of one `media_group_id`."""
        return await self._send(uploads, as_document, caption, None)

    async def press(self, message_id: int, data: str) -> CallbackQuery:
        """Presses the button with this callback data under a message."""
        return await self._post(CallbackQuery, f"{self._chat}/presses", {"message_id": message_id, "data": data})

    async def view(self) -> ChatView:
        """The whole chat: person, message records, menu, number of the last event."""
        return await self._get(ChatView, self._chat)

    async def records(self) -> tuple[MessageRecord, ...]:
        """All messages, oldest first, deleted ones included, each with its earlier versions."""
        return (await self.view()).records

    async def messages(self, *, by_bot: bool | None = None) -> list[Message]:
        """The messages now in the chat, oldest first; of both sides or one."""
        return [
            record.message for record in await self.records() if not record.deleted and by_bot in (None, record.by_bot)
        ]

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file in the chat."""
        async with self._session.get(f"{self._base_url}/playground/files/{file_id}") as answer:
            await _check(answer)
            return await answer.read()

    async def set_standing(self, standing: Standing) -> Person:
        """Blocks the bot ("blocked"), unblocks it ("active"), or ends the account ("deactivated")."""
        return await self._post(Person, f"users/{self.user_id}", {"standing": standing})

    async def set_language(self, language_code: str) -> Person:
        """Changes the user's language."""
        return await self._post(Person, f"users/{self.user_id}", {"language_code": language_code})

    async def delete_message(self, message_id: int) -> None:
        """Deletes a message for both sides."""
        await self._request("DELETE", f"{self._chat}/messages/{message_id}")

    async def delete_chat(self) -> None:
        """Deletes the chat. The bot cannot find it afterwards."""
        await self._request("DELETE", f"users/{self.user_id}")

    async def order_failure(self, failure: Failure) -> None:
        """Orders a failure of the bot's next calls; see Failure."""
        await self._request("POST", "failures", failure.model_dump())

    async def clear_failures(self) -> None:
        """Removes all ordered failures."""
        await self._request("DELETE", "failures")

    async def log(self, after: int = 0, *, everyone: bool = False) -> list[Event]:
        """Events so far of this chat or of all, the bot's calls included."""
        query = f"after={after}" + ("" if everyone else f"&chat_id={self.user_id}")
        return _EVENTS.validate_json(await self._request("GET", f"log?{query}"))

    async def polled(self) -> bool:
        """Whether the bot is polling for updates now."""
        return (await self._get(ServerInfo, "info")).polled

    async def last_event(self) -> int:
        """The number of the latest event; later ones are after it."""
        return (await self._get(ServerInfo, "info")).last_event

    async def events(self, after: int = 0, *, everyone: bool = False) -> AsyncGenerator[Event, None]:
        """Events later than `after` as they come, of this chat or of all, until the server ends.

        To leave it early, use `contextlib.aclosing`.
        """
        query = f"after={after}" + ("" if everyone else f"&chat_id={self.user_id}")
        async with self._session.get(f"{self._base_url}/playground/events?{query}") as answer:
            await _check(answer)
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield Event.model_validate_json(line.removeprefix(b"data: "))

    async def wait_for(self, predicate: Callable[[Event], bool], seconds: float, *, after: int = 0) -> Event:
        """The first event of this chat later than `after` that satisfies `predicate`. Raises TimeoutError."""
        async with asyncio.timeout(seconds), aclosing(self.events(after)) as events:
            async for event in events:
                if predicate(event):
                    return event
        raise TimeoutError("the server ended before it happened")

    async def wait_until(self, predicate: Callable[[ChatView], bool], seconds: float) -> ChatView:
        """The chat as soon as it satisfies `predicate`, which is checked now and after each event. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            if predicate(view := await self.view()):
                return view
            async with aclosing(self.events(view.last_event)) as events:
                async for _ in events:
                    if predicate(view := await self.view()):
                        return view
        raise TimeoutError("the server ended before it happened")

    @property
    def _chat(self) -> str:
        return f"chats/{self.user_id}"

    async def _known(self) -> bool:
        people = TypeAdapter(list[Person]).validate_json(await self._request("GET", "users"))
        return any(person.user.id == self.user_id for person in people)

    async def _send(
        self, uploads: Sequence[Upload], as_document: bool, caption: str | None, reply_to: int | None
    ) -> list[Message]:
        fields = {"as": "document" if as_document else "photo", "caption": caption or ""}
        form = aiohttp.FormData(fields, quote_fields=False)
        if reply_to:
            form.add_field("reply_to", str(reply_to))
        for upload in uploads:
            form.add_field("file", io.BytesIO(upload.data), filename=upload.file_name, content_type=upload.mime_type)
        return _MESSAGES.validate_json(await self._request("POST", f"{self._chat}/files", form=form))

    async def _get(self, model: type[Answer], path: str) -> Answer:
        return model.model_validate_json(await self._request("GET", path))

    async def _post(self, model: type[Answer], path: str, body: Mapping[str, JsonValue]) -> Answer:
        return model.model_validate_json(await self._request("POST", path, body))

    async def _request(
        self,
        method: str,
        path: str,
        body: Mapping[str, JsonValue] | None = None,
        form: aiohttp.FormData | None = None,
    ) -> bytes:
        async with self._session.request(method, f"{self._base_url}/playground/{path}", json=body, data=form) as answer:
            await _check(answer)
            return await answer.read()


async def _check(answer: aiohttp.ClientResponse) -> None:
    if not answer.ok:
        text = await answer.text()
        raise RefusedError(answer.status, json.loads(text)["error"] if text.startswith("{") else text)
