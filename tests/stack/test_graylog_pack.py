import ast
import json
import re
from collections.abc import Iterator

import pytest
from make_pack import PACK, STEPS, content_pack
from stack_files import ROOT, stack

SOURCES = [*(ROOT / "bot/attrai_bot").rglob("*.py"), *(ROOT / "estimator/attrai_estimator").rglob("*.py")]
EVERY_RECORD = {"service", "replica", "version", "event", "level", "timestamp"}
"""What `attrai_shared.logs` gives to each record."""


def _calls() -> Iterator[ast.Call]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "event"
                and len(node.args) > 1
            ):
                yield node


LOGGED = {word.arg for call in _calls() for word in call.keywords if word.arg} | EVERY_RECORD
EVENTS = {
    constant.value for call in _calls() for constant in ast.walk(call.args[1]) if isinstance(constant, ast.Constant)
}
WIDGETS = next(one for one in content_pack()["entities"] if one["type"]["name"] == "dashboard")["data"]["state"]  # type: ignore[attr-defined, index, call-overload]
CHARTS = [widget for state in WIDGETS.values() for widget in state["widgets"]]


def test_the_file_is_the_one_that_its_maker_makes() -> None:
    assert json.loads(PACK.read_text()) == content_pack()


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: str(chart["config"]["series"][0]["function"]))
def test_every_field_that_a_chart_uses_is_logged(chart: dict[str, dict[str, list[dict[str, object]]]]) -> None:
    fields = {field for pivot in chart["config"]["row_pivots"] for field in pivot["fields"]}  # type: ignore[attr-defined]
    functions = " ".join(str(series["function"]) for series in chart["config"]["series"])
    fields |= {field for field in re.findall(r"\((\w+)", functions) if field}
    assert {"seconds" if str(field).startswith("seconds_") else field for field in fields} <= LOGGED


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: str(chart["query"]["query_string"]))
def test_every_event_that_a_chart_counts_is_logged(chart: dict[str, dict[str, str]]) -> None:
    assert set(re.findall(r"event:(\w+)", chart["query"]["query_string"])) <= EVENTS


def test_the_charts_know_every_step_that_is_timed() -> None:
    pipeline = (ROOT / "estimator/attrai_estimator/pipeline.py").read_text()
    assert set(STEPS) <= set(re.findall(r'clock\("(\w+)"\)', pipeline))


def test_inputs_listen_where_the_stack_sends() -> None:
    ports = {
        entity["data"]["configuration"]["port"]["@value"]  # type: ignore[index]
        for entity in content_pack()["entities"]  # type: ignore[attr-defined]
        if entity["type"]["name"] == "input"
    }
    sends = stack()["services"]["bot"]["environment"]["ATTRAI_GRAYLOG_URL"]
    assert ports == {int(sends.rpartition(":")[2]), 1514}
    assert "/dev/udp/$LOG_HOST/1514" in (ROOT / "deploy/with-logs.sh").read_text()


def test_a_fresh_graylog_finds_and_installs_the_pack() -> None:
    graylog = stack()["services"]["graylog"]
    (config,) = graylog["configs"]
    folder, _, name = config["target"].rpartition("/")
    environment = graylog["environment"]
    assert (environment["GRAYLOG_CONTENT_PACKS_DIR"], environment["GRAYLOG_CONTENT_PACKS_AUTO_INSTALL"]) == (
        folder,
        name,
    )


def test_every_id_is_its_own() -> None:
    ids = [entity["id"] for entity in content_pack()["entities"]]  # type: ignore[attr-defined]
    assert len(set(ids)) == len(ids)
