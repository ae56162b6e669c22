"""/stats: a picture for admins, an unknown command for everybody else."""

import json
import subprocess
import sys
import time

import pytest
from attrai_bot.settings import BotSettings
from attrai_bot.state import RequestStore
from attrai_bot.state.day_counts import BUCKET_ENDS_S, DAYS_SHOWN
from attrai_bot.stats import chart_renderer as chart_renderer_module
from attrai_bot.stats.chart_renderer import ChartRenderer, DrawingFailedError
from attrai_bot.stats.page import StatsPage, stats_caption, stats_page
from pydantic import ValidationError

from tests.unit.bot.conftest import make_request
from tests.unit.bot.incoming import Feed, message
from tests.unit.bot.telegram_double import FakeTelegram

ADMIN = 4242
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def settings(settings: BotSettings) -> BotSettings:
    return settings.model_copy(update={"admins": f"7, {ADMIN}"})


async def test_an_admin_gets_the_picture(feed: Feed, telegram: FakeTelegram, requests: RequestStore) -> None:
    for user in (1, 2):
        await requests.admit(make_request(user=user), time.time())
    await feed(message(user=ADMIN, text="/stats"))
    assert list(telegram.pictures.values()) == ["Today (UTC): photos: 2, people: about 2."]


async def test_for_other_users_it_is_an_unknown_command(feed: Feed, telegram: FakeTelegram) -> None:
    await feed(message(user=ADMIN + 1, text="/stats"))
    await feed(message(user=ADMIN + 1, text="/nonsense"))
    assert telegram.pictures == {}
    assert len(set(telegram.said)) == 1
    assert telegram.said[0].startswith("I do not know this command")


@pytest.mark.parametrize("ids", ["", "12", "12,34", "12, 34 ,56"])
def test_admins_are_ids_separated_by_commas(settings: BotSettings, ids: str) -> None:
    given = BotSettings.model_validate(settings.model_dump() | {"admins": ids or None})
    assert given.admin_ids == {int(one) for one in ids.split(",") if one}


@pytest.mark.parametrize("ids", ["@ada", "12 34", "12,", "-5"])
def test_a_malformed_list_of_ids_is_refused(settings: BotSettings, ids: str) -> None:
    with pytest.raises(ValidationError):
        BotSettings.model_validate(settings.model_dump() | {"admins": ids})


async def test_the_caption_tells_how_long_estimates_took(requests: RequestStore) -> None:
    now = time.time()
    for number, seconds in enumerate((0.2, 0.2, 0.2, 3.0)):
        await requests.settle(f"{number:032x}", "f" * 32, now + 60, now, {"detect": seconds})
    days = await requests.days(now)
    assert stats_caption(days, "en").endswith("Half of the estimates took at most 0.26 s, 95% at most 4.10 s.")
    assert "не больше 0,26 " in stats_caption(days, "ru")
    page = stats_page(days, "en")
    assert page["shares"]["detect"][BUCKET_ENDS_S.index(0.256)] == 0.75
    assert (len(page["dates"]), page["photos"][-1]) == (DAYS_SHOWN, 0)


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_an_empty_month_can_be_drawn_in_both_languages(requests: RequestStore, language: str) -> None:
    days = await requests.days(time.time())
    picture = await ChartRenderer().draw(stats_page(days, "ru" if language == "ru" else "en"))
    assert picture.startswith(PNG)


async def test_a_failed_drawing_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DrawingFailedError):
        await ChartRenderer().draw(json.loads('{"dates": []}'))
    assert "KeyError" in capfd.readouterr().err


async def test_a_slow_drawing_is_killed(monkeypatch: pytest.MonkeyPatch, requests: RequestStore) -> None:
    monkeypatch.setattr(chart_renderer_module, "DRAWING_TIMEOUT_S", 0.01)
    chart_renderer, page = ChartRenderer(), stats_page(await requests.days(time.time()), "en")
    with pytest.raises(TimeoutError):
        await chart_renderer.draw(page)
    monkeypatch.undo()
    assert (await chart_renderer.draw(page)).startswith(PNG), "the next one is free to begin"


def test_the_bot_process_does_not_import_matplotlib() -> None:
    program = "import sys, attrai_bot.intake.run, attrai_bot.replier.worker; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_page_survives_json() -> None:
    page = StatsPage(
        dates=["01-01"], photos=[1], users=[1], bounds=[0.1], shares={"all": [1.0, 0.0]}, titles=["a", "b", "c"]
    )
    assert json.loads(json.dumps(page)) == page
