"""Turns a key and values into a sentence: plain text, so that nothing needs escaping."""

from collections.abc import Mapping
from typing import get_args

from attrai_shared.contracts import Language

from attrai_bot.texts.en import EN
from attrai_bot.texts.ru import RU

LANGUAGES: tuple[Language, ...] = get_args(Language)
SENTENCES: Mapping[Language, Mapping[str, str]] = {"en": EN, "ru": RU}

TextParams = Mapping[str, int]
"""Numbers in sentences: `limit` (photos of a user), `megabytes` (of a file), `minutes` (of a request)."""

TEENS = range(11, 15)
FEW = range(2, 5)


def translate(language: Language, key: str, **values: str | int) -> str:
    """The sentence of this key. With `count` among the values, its plural form for that number. Raises KeyError."""
    sentences = SENTENCES[language]
    if "count" in values:
        key = f"{key}.{plural(language, int(values['count']))}"
    return sentences[key].format(**values)


def choose_language(language_code: str | None) -> Language:
    """The language for a user's language tag (IETF), as Telegram tells it."""
    return "ru" if language_code and language_code.lower().split("-")[0] == "ru" else "en"


def decimal(language: Language, number: float, digits: int = 1) -> str:
    """The number with this many digits after the decimal point or comma."""
    return f"{number:.{digits}f}".replace(".", "," if language == "ru" else ".")


def plural(language: Language, count: int) -> str:
    """The cardinal plural category of an integer, by the Unicode CLDR.

    `one`, `few` or `many` in Russian; `one` or `many` (CLDR's `other`) in English.
    """
    if language == "en":
        return "one" if count == 1 else "many"
    if count % 100 in TEENS:
        return "many"
    if count % 10 == 1:
        return "one"
    return "few" if count % 10 in FEW else "many"
