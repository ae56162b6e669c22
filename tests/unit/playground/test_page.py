"""The chat page in headless Chromium."""

import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from aiogram import Bot
from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from aiohttp import ClientSession
from attrai_playground.bot_api import ChatClient
from playwright.async_api import FilePayload, Locator, Page, ViewportSize, async_playwright, expect

pytestmark = pytest.mark.browser

# Chromium calls nobody and writes only into the folder that it is given.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESK = ViewportSize(width=360, height=740), ViewportSize(width=1200, height=800)
Picture = Callable[..., bytes]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The DevTools address of one Chromium for all tests; each has its own context in it."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    folder = tmp_path_factory.mktemp("browser")
    arguments = [program, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = next(line.split()[-1] for line in process.stderr if line.startswith("DevTools listening on"))
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        yield address
        process.terminate()
        process.wait()
        drain.join()


@pytest.fixture
async def page(chromium: str, base_url: str, chat: ChatClient) -> AsyncIterator[Page]:
    """The page at phone width, as Ada sees it. It fails the test on an error in its console, but for refusals."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        context = await browser.new_context(viewport=PHONE, locale="en-GB")
        page, problems = await context.new_page(), list[str]()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        await page.goto(base_url)
        await expect(page.locator("#user")).to_have_value(str(chat.user_id))
        yield page
        await context.close()
    assert [problem for problem in problems if "status of 409" not in problem] == []


def _messages(page: Page) -> Locator:
    return page.get_by_role("log").get_by_role("listitem")


def _photo(picture: Picture, name: str = "me.jpg") -> FilePayload:
    return FilePayload(name=name, mimeType="image/jpeg", buffer=picture(300, 200))


async def test_texts_go_both_ways(page: Page, aiogram_bot: Bot, chat: ChatClient) -> None:
    await page.get_by_role("button", name="/start").click()
    await expect(_messages(page)).to_contain_text(["/start"])
    await page.get_by_role("textbox", name="Message").fill("<b>hello</b>")
    await page.keyboard.press("Enter")
    await expect(_messages(page).nth(1)).to_contain_text("<b>hello</b>")
    assert [message.text for message in await chat.messages()] == ["/start", "<b>hello</b>"]
    await aiogram_bot.send_message(chat.user_id, "<b>Hi</b> <a href='https://example.org'>there</a>", parse_mode="HTML")
    answer = _messages(page).nth(2)
    await expect(answer.locator("strong")).to_have_text("Hi")
    await expect(answer.get_by_role("link", name="there")).to_have_attribute("href", "https://example.org")


async def test_photos_are_sent_and_seen(page: Page, aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    await page.get_by_role("textbox", name="Message").fill("me")
    await page.locator("#files").set_input_files([_photo(picture)])
    image = _messages(page).first.get_by_role("img", name="Photo from Ada")
    await expect(image).to_have_js_property("naturalWidth", 300)
    (message,) = await chat.messages()
    assert message.photo is not None
    assert message.caption == "me"
    (update,) = await aiogram_bot.get_updates()
    assert update.message is not None
    assert update.message.photo is not None


async def test_several_photos_are_an_album(page: Page, chat: ChatClient, picture: Picture) -> None:
    await page.locator("#files").set_input_files([_photo(picture, f"{number}.jpg") for number in range(3)])
    await expect(_messages(page)).to_have_count(3)
    messages = await chat.messages()
    assert len({message.media_group_id for message in messages}) == 1
    assert all(message.photo for message in messages)


async def test_photos_are_sent_as_files(page: Page, chat: ChatClient, picture: Picture) -> None:
    await page.get_by_role("checkbox", name="Send as files").check()
    await page.locator("#files").set_input_files([_photo(picture)])
    await expect(_messages(page).get_by_role("link", name="me.jpg")).to_be_visible()
    (message,) = await chat.messages()
    assert message.document is not None
    assert await chat.download(message.document.file_id) == picture(300, 200)


async def test_files_are_dropped(page: Page, chat: ChatClient) -> None:
    await page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["text"], "note.txt", {type: "text/plain"}));
          for (const kind of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    await expect(_messages(page).get_by_role("link", name="note.txt")).to_be_visible()
    await expect(page.locator("#drop")).to_be_hidden()
    (message,) = await chat.messages()
    assert message.document is not None
    assert message.document.file_name == "note.txt"


async def test_a_text_turns_into_a_picture(page: Page, aiogram_bot: Bot, chat: ChatClient, picture: Picture) -> None:
    sent = await aiogram_bot.send_message(chat.user_id, "Place 2")
    await expect(_messages(page)).to_contain_text(["Place 2"])
    await sent.as_(aiogram_bot).edit_text("Place 1")
    await expect(_messages(page)).to_contain_text(["Place 1"])
    photo = InputMediaPhoto(media=BufferedInputFile(picture(600, 400), "a.jpg"), caption="1 face: 7.5")
    await sent.as_(aiogram_bot).edit_media(photo)
    await expect(_messages(page).first.get_by_role("img", name="Photo from Attrai")).to_be_visible()
    await expect(_messages(page).first).to_contain_text("1 face: 7.5")
    await expect(_messages(page).first).to_contain_text("edited")
    await sent.as_(aiogram_bot).delete()
    await expect(_messages(page)).to_have_count(0)


async def test_buttons_are_pressed_and_answered(page: Page, aiogram_bot: Bot, chat: ChatClient) -> None:
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Русский", callback_data="ru")]])
    await aiogram_bot.send_message(chat.user_id, "?", reply_markup=keyboard)
    await page.get_by_role("button", name="Русский").click()
    (update,) = await aiogram_bot.get_updates(timeout=10)
    assert update.callback_query is not None
    assert update.callback_query.data == "ru"
    await aiogram_bot.answer_callback_query(update.callback_query.id, text="Хорошо")
    await expect(page.locator("#notice")).to_have_text("Хорошо")


async def test_commands_are_offered(page: Page, aiogram_bot: Bot, chat: ChatClient) -> None:
    await expect(page.locator("#commands")).to_be_hidden()
    await aiogram_bot.set_my_commands([BotCommand(command="help", description="How it works")])
    await page.locator("#commands summary").click()
    await page.get_by_role("button", name="/help").click()
    await expect(_messages(page)).to_contain_text(["/help"])


async def test_the_language_is_switched(page: Page, chat: ChatClient) -> None:
    await page.locator("#settings summary").click()
    await page.get_by_label("Language").select_option("ru")
    await expect(page.get_by_role("textbox", name="Сообщение")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    assert (await chat.view()).person.user.language_code == "ru"


async def test_a_new_user_starts_an_own_chat(page: Page, chat: ChatClient) -> None:
    await chat.send_text("Ada's")
    await expect(_messages(page)).to_have_count(1)
    await page.locator("#settings summary").click()
    await page.get_by_role("button", name="New user").click()
    await expect(_messages(page)).to_have_count(0)
    await page.get_by_label("You are").select_option(str(chat.user_id))
    await expect(_messages(page)).to_contain_text(["Ada's"])


async def test_a_reply_names_its_message(page: Page, aiogram_bot: Bot, chat: ChatClient) -> None:
    sent = await aiogram_bot.send_message(chat.user_id, "Which photo?")
    await page.get_by_role("button", name="Reply: Which photo?").click()
    await page.get_by_role("textbox", name="Message").fill("this one")
    await page.keyboard.press("Enter")
    await expect(_messages(page).nth(1).locator(".quote")).to_have_text("Which photo?")
    reply = (await chat.messages())[-1].reply_to_message
    assert reply is not None
    assert reply.message_id == sent.message_id


async def test_blocking_stops_the_bot_and_the_person(page: Page, chat: ChatClient) -> None:
    await page.locator("#settings summary").click()
    await page.get_by_role("button", name="Block the bot").click()
    await expect(page.get_by_role("status").first).to_have_text("You blocked this bot.")
    await page.get_by_role("textbox", name="Message").fill("hello?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("cannot write")
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("hello?")


async def test_a_link_that_runs_code_is_no_link(page: Page, aiogram_bot: Bot, chat: ChatClient) -> None:
    await aiogram_bot.send_message(chat.user_id, '<a href="javascript:alert(1)">x</a>', parse_mode="HTML")
    await expect(_messages(page).locator("a")).to_have_text("x")
    assert await _messages(page).locator("a").get_attribute("href") is None


@pytest.mark.parametrize("size", [PHONE, DESK])
async def test_nothing_is_wider_than_the_screen(
    *, page: Page, aiogram_bot: Bot, chat: ChatClient, picture: Picture, size: ViewportSize
) -> None:
    await page.set_viewport_size(size)
    await chat.send_photo(picture(1280, 64), caption="W" * 300)
    await aiogram_bot.send_photo(chat.user_id, BufferedInputFile(picture(60, 1200), "a.jpg"))
    await chat.send_photo(b"x", as_document=True, file_name="n" * 200 + ".txt")
    await expect(_messages(page)).to_have_count(3)
    await expect(page.get_by_role("img", name="Photo from Attrai")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await page.locator("main").evaluate("element => element.scrollWidth <= element.clientWidth")


async def test_every_control_has_a_name(page: Page) -> None:
    await page.locator("#settings summary").click()
    unnamed = await page.evaluate(
        """[...document.querySelectorAll("button, input, select")].filter((control) =>
          !control.getAttribute("aria-label") && !control.textContent.trim() && !control.labels?.length
        ).map((control) => control.id)"""
    )
    assert unnamed == []


async def test_the_page_loads_nothing_from_elsewhere(page: Page, base_url: str, http: ClientSession) -> None:
    addresses = await page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert addresses
    assert all(address.startswith(base_url) for address in addresses)
    async with http.get(base_url) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
