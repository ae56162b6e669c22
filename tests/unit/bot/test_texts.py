import string
from collections.abc import Iterator

import pytest
from attrai_bot.intake.conversation import MENU
from attrai_bot.texts import LANGUAGES, SENTENCES, choose_language, decimal, translate
from attrai_bot.texts.translation import plural
from attrai_shared.errors import AttraiError

REASONS = ("too_small", "blurred", "turned_away", "cut_off", "too_dark", "other")
FORMS = {"en": {"one", "many"}, "ru": {"one", "few", "many"}}


def codes(error: type[AttraiError] = AttraiError) -> Iterator[str]:
    """The codes of the shared error tree. Errors of other services never reach a user."""
    yield error.code
    for each in error.__subclasses__():
        if each.__module__ == AttraiError.__module__:
            yield from codes(each)


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def base(key: str) -> str:
    name, _, form = key.rpartition(".")
    return name if form in {"one", "few", "many"} else key


def test_no_key_is_missing_in_either_language() -> None:
    english, russian = (set(map(base, SENTENCES[language])) for language in LANGUAGES)
    assert english == russian


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_reason_and_command_has_a_sentence(language: str) -> None:
    wanted = {*codes(), *MENU, *(f"reason.{reason}" for reason in REASONS), *(f"menu.{name}" for name in MENU)}
    assert wanted <= set(SENTENCES[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_counted_sentence_has_all_plural_forms(language: str) -> None:
    counted = {base(key) for key in SENTENCES[language] if base(key) != key}
    assert counted
    for name in counted:
        assert {key.rpartition(".")[2] for key in SENTENCES[language] if base(key) == name} == FORMS[language]


def test_both_languages_use_the_same_placeholders() -> None:
    named = {
        language: {base(key): placeholders(text) for key, text in SENTENCES[language].items()} for language in LANGUAGES
    }
    assert named["en"] == named["ru"]


def test_the_languages_do_not_mix() -> None:
    cyrillic = {chr(code) for code in range(0x400, 0x500)}
    assert not any(cyrillic & set(text) for text in SENTENCES["en"].values())
    assert all(cyrillic & set(text) for key, text in SENTENCES["ru"].items() if key != "face")


@pytest.mark.parametrize(
    ("form", "counts"),
    [("one", (1, 21, 101, 121)), ("few", (2, 3, 4, 22, 104)), ("many", (0, 5, 11, 12, 14, 20, 25, 111, 112))],
)
def test_russian_plurals(form: str, counts: tuple[int, ...]) -> None:
    assert {plural("ru", count) for count in counts} == {form}


def test_english_plurals() -> None:
    assert [translate("en", "faces", count=count).split(",")[0] for count in (1, 2, 21)] == [
        "1 face found",
        "2 faces found",
        "21 faces found",
    ]


@pytest.mark.parametrize(
    ("code", "language"),
    [("ru", "ru"), ("ru-RU", "ru"), ("RU", "ru"), ("en", "en"), ("run", "en"), ("", "en"), (None, "en")],
)
def test_the_language_follows_the_language_tag(code: str | None, language: str) -> None:
    assert choose_language(code) == language


def test_decimals_use_point_or_comma() -> None:
    assert (decimal("en", 7.44), decimal("ru", 7.46)) == ("7.4", "7,5")
