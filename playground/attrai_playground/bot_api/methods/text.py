"""Texts and captions in parameters: parse mode, entities, lengths."""

from typing import Annotated

from pydantic import BaseModel

from ..entities import formatted
from ..errors import bad_request
from ..types import JSON_TEXT, Entity

MAX_TEXT = 4096
MAX_CAPTION = 1024
"""Characters after the marks were read, by the Bot API."""

Entities = Annotated[tuple[Entity, ...] | None, JSON_TEXT]
Formatted = tuple[str, tuple[Entity, ...] | None]


class TextFields(BaseModel):
    text: str = ""
    parse_mode: str | None = None
    entities: Entities = None

    def formatted_text(self, too_long: str) -> Formatted:
        text, entities = formatted(self.text, self.parse_mode, self.entities)
        if not text.strip():
            raise bad_request("message text is empty")
        if len(text) > MAX_TEXT:
            raise bad_request(too_long)
        return text, entities


class CaptionFields(BaseModel):
    caption: str | None = None
    parse_mode: str | None = None
    caption_entities: Entities = None

    def formatted_caption(self) -> tuple[str | None, tuple[Entity, ...] | None]:
        text, entities = formatted(self.caption or "", self.parse_mode, self.caption_entities)
        if len(text) > MAX_CAPTION:
            raise bad_request("message caption is too long")
        return text or None, entities
