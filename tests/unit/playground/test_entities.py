"""HTML marks to entities; offsets in UTF-16 units."""

import pytest
from attrai_playground.bot_api.entities import commands_in, formatted
from attrai_playground.bot_api.errors import ApiError
from attrai_playground.bot_api.types import MessageEntity


def _html(text: str) -> tuple[str, list[tuple[str, int, int]]]:
    plain, entities = formatted(text, "HTML", None)
    return plain, [(entity.type, entity.offset, entity.length) for entity in entities or ()]


@pytest.mark.parametrize(
    ("text", "plain", "entities"),
    [
        ("plain", "plain", []),
        ("<b>a</b> <i>b</i>", "a b", [("bold", 0, 1), ("italic", 2, 1)]),
        ("😀<b>a</b>", "😀a", [("bold", 2, 1)]),
        ("<b>a <u>b</u></b>", "a b", [("bold", 0, 3), ("underline", 2, 1)]),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &#33;", "1 < 2 && 3 > 2 !", []),
        ("&nbsp;stays", "&nbsp;stays", []),
        ("  <b> a </b>  ", "a", [("bold", 0, 1)]),
        ("<b></b>x", "x", []),
        ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
        ("<B>x</B>", "x", [("bold", 0, 1)]),
    ],
)
def test_markup_becomes_entities(text: str, plain: str, entities: list[tuple[str, int, int]]) -> None:
    assert _html(text) == (plain, entities)


def test_links_and_languages_keep_their_values() -> None:
    _, link = formatted('<a href="https://example.org/?a=1&amp;b=2">x</a>', "HTML", None)
    _, code = formatted('<code class="language-python">x</code>', "HTML", None)
    assert link == (MessageEntity(type="text_link", offset=0, length=1, url="https://example.org/?a=1&b=2"),)
    assert code == (MessageEntity(type="code", offset=0, length=1, language="python"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<b>x", 'find end tag corresponding to start tag "b"'),
        ("é<script>", 'Unsupported start tag "script" at byte offset 2'),
        ("<b><i>x</b></i>", 'expected "</i>", found "</b>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("1 < 2", "Unsupported start tag"),
    ],
)
def test_invalid_markup_is_refused(text: str, words: str) -> None:
    with pytest.raises(ApiError, match="can't parse entities") as refused:
        _html(text)
    assert words in refused.value.description


def test_commands_are_found_where_words_begin() -> None:
    assert commands_in("go /start@bot now/not") == (MessageEntity(type="bot_command", offset=3, length=10),)
    assert commands_in("nothing") is None
