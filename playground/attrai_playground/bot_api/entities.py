"""HTML-style text to plain text with entities, by https://core.telegram.org/bots/api#html-style. Pure."""

import html
import re
from dataclasses import dataclass, field

from .errors import bad_request
from .types import MessageEntity

_TYPES = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "code": "code", "pre": "pre", "a": "text_link",
    "tg-spoiler": "spoiler", "blockquote": "blockquote",
}  # fmt: skip

_TOKEN = re.compile(
    r"</(?P<end>[^>]*)>"
    r"|<(?P<start>[A-Za-z][A-Za-z-]*)(?P<attributes>(?:\s+[a-z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*)\s*>"
    r"|(?P<broken><)|(?P<text>[^<]+)"
)
_ATTRIBUTE = re.compile(r"([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]+|#x[0-9A-Fa-f]+);")
_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")


@dataclass
class _ParserState:
    text: str = ""
    open: list[tuple[str, str, int]] = field(default_factory=list)
    """Tag, value of its attribute, offset."""
    entities: list[MessageEntity] = field(default_factory=list)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def commands_in(text: str) -> tuple[MessageEntity, ...] | None:
    """The bot commands in a person's text."""
    return (
        tuple(
            MessageEntity(type="bot_command", offset=utf16_length(text[: found.start()]), length=utf16_length(found[0]))
            for found in _COMMAND.finditer(text)
        )
        or None
    )


def formatted(
    text: str, parse_mode: str | None, entities: tuple[MessageEntity, ...] | None
) -> tuple[str, tuple[MessageEntity, ...] | None]:
    """The plain text and its entities. Parse modes other than HTML are refused."""
    if parse_mode is None:
        return text, entities
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    reading = _ParserState()
    for token in _TOKEN.finditer(text):
        _read(reading, token, len(text[: token.start()].encode()))
    if reading.open:
        raise bad_request(
            f"can't parse entities: Can't find end tag corresponding to start tag \"{reading.open[-1][0]}\""
        )
    return _trimmed(reading)


def _read(reading: _ParserState, token: re.Match[str], byte: int) -> None:
    if token["text"] is not None:
        reading.text += _REFERENCE.sub(lambda found: html.unescape(found[0]), token["text"])
    elif token["start"] is not None:
        _open(reading, token["start"].lower(), token["attributes"], byte)
    elif token["end"] is not None:
        _close(reading, token["end"].strip().lower(), byte)
    else:
        raise bad_request(f'can\'t parse entities: Unsupported start tag "" at byte offset {byte}')


def _open(reading: _ParserState, tag: str, attributes: str, byte: int) -> None:
    values = {name: html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(attributes)}
    if tag == "span" and values.get("class") == "tg-spoiler":
        value = ""
    elif tag in _TYPES:
        value = values.get("href") or values.get("class", "")
    else:
        raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {byte}')
    reading.open.append((tag, value, utf16_length(reading.text)))


def _close(reading: _ParserState, tag: str, byte: int) -> None:
    if not reading.open:
        raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {byte}")
    opened, value, offset = reading.open.pop()
    if tag not in ("", opened):
        raise bad_request(
            f'can\'t parse entities: Unmatched end tag at byte offset {byte}, expected "</{opened}>", found "</{tag}>"'
        )
    length = utf16_length(reading.text) - offset
    if length and not (opened == "a" and not value):
        reading.entities.append(_entity(opened, value, offset, length))


def _entity(tag: str, value: str, offset: int, length: int) -> MessageEntity:
    language = value.removeprefix("language-") if tag == "code" and value.startswith("language-") else None
    return MessageEntity(
        type=_TYPES.get(tag, "spoiler"),
        offset=offset,
        length=length,
        url=value if tag == "a" else None,
        language=language,
    )


def _trimmed(reading: _ParserState) -> tuple[str, tuple[MessageEntity, ...] | None]:
    cut = utf16_length(reading.text) - utf16_length(reading.text.lstrip())
    text = reading.text.strip()
    whole = utf16_length(text)
    kept = []
    for entity in sorted(reading.entities, key=lambda entity: (entity.offset, -entity.length)):
        start, end = max(entity.offset - cut, 0), min(entity.offset + entity.length - cut, whole)
        if start < end:
            kept.append(entity.model_copy(update={"offset": start, "length": end - start}))
    return text, tuple(kept) or None
