import ast
import json
import re
import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from make_pack import DASHBOARD_STEPS, PACK, REVISIONS, content_pack, digest
from stack_files import ROOT, stack

SOURCES = [file for name in ("shared", "bot", "estimator") for file in (ROOT / name / f"attrai_{name}").rglob("*.py")]
EVERY_RECORD = {"service", "replica", "version", "event", "level", "timestamp"}
"""Fields that `attrai_shared.logs` adds to each record."""


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
ENTITIES: list[dict[str, Any]] = content_pack()["entities"]  # type: ignore[assignment]
ABOUT = ("name", "summary", "description", "vendor", "url")
VERSIONS = {"input": "1", "stream": "1", "dashboard": "2"}
WIDGETS = next(one for one in ENTITIES if one["type"]["name"] == "dashboard")["data"]["state"]
CHARTS = [widget for state in WIDGETS.values() for widget in state["widgets"]]


def test_the_file_is_the_output_of_make_pack() -> None:
    assert json.loads(PACK.read_text()) == content_pack()


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: str(chart["config"]["series"][0]["function"]))
def test_every_field_of_a_chart_is_logged(chart: dict[str, dict[str, list[dict[str, object]]]]) -> None:
    fields = {field for pivot in chart["config"]["row_pivots"] for field in pivot["fields"]}  # type: ignore[attr-defined]
    functions = " ".join(str(series["function"]) for series in chart["config"]["series"])
    fields |= {field for field in re.findall(r"\((\w+)", functions) if field}
    assert {"seconds" if str(field).startswith("seconds_") else field for field in fields} <= LOGGED


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: str(chart["query"]["query_string"]))
def test_every_event_of_a_chart_is_logged(chart: dict[str, dict[str, str]]) -> None:
    assert set(re.findall(r"event:(\w+)", chart["query"]["query_string"])) <= EVENTS


def test_every_step_of_the_charts_is_timed() -> None:
    pipeline = (ROOT / "estimator/attrai_estimator/pipeline.py").read_text()
    assert set(DASHBOARD_STEPS) <= set(re.findall(r'clock\("(\w+)"\)', pipeline))


def test_inputs_listen_on_the_ports_that_the_stack_sends_to() -> None:
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


def test_a_changed_pack_is_a_new_revision() -> None:
    pack = content_pack()
    assert digest(pack) == REVISIONS[-1], (
        f"the pack changed, and Graylog skips a known revision: append {digest(pack)!r} to REVISIONS"
    )
    assert pack["rev"] == len(set(REVISIONS)) == len(REVISIONS)


def test_the_pack_and_its_entities_have_graylogs_format() -> None:
    pack = content_pack()
    assert set(pack) == {"v", "id", "rev", *ABOUT, "parameters", "entities"}
    assert pack["v"] == 1
    assert {entity["type"]["name"]: entity["type"]["version"] for entity in ENTITIES} == VERSIONS
    for entity in ENTITIES:
        assert set(entity) == {"v", "type", "id", "data", "constraints"}
        assert entity["v"] == "1"
        assert uuid.UUID(entity["id"])
        assert isinstance(entity["data"], dict)


def test_every_value_names_its_type() -> None:
    """Graylog's ValueReference: a value of another type fails the installation."""
    values = [part for part in _parts(content_pack()) if {"@type", "@value"} & set(part)]
    assert len(values) > 2 * len(ENTITIES)
    for value in values:
        assert set(value) == {"@type", "@value"}
        assert type(value["@value"]) is {"string": str, "integer": int, "boolean": bool}[value["@type"]]


def test_every_widget_shows_an_existing_search() -> None:
    (dashboard,) = (entity["data"] for entity in ENTITIES if entity["type"]["name"] == "dashboard")
    queries = {query["id"]: query for query in dashboard["search"]["queries"]}
    assert set(dashboard["state"]) == set(queries)
    for name, state in dashboard["state"].items():
        widgets = {widget["id"] for widget in state["widgets"]}
        searches = {search["id"]: search for search in queries[name]["search_types"]}
        assert set(state["widget_mapping"]) == set(state["positions"]) == set(state["titles"]["widget"]) == widgets
        assert sorted(chain(*state["widget_mapping"].values())) == sorted(searches)
        for widget in state["widgets"]:
            (search,) = (searches[one] for one in state["widget_mapping"][widget["id"]])
            assert (search["query"], search["timerange"]) == (widget["query"], widget["timerange"])
            shown = [series["function"] for series in widget["config"]["series"]]
            assert shown == [series["id"] for series in search["series"]]


def test_every_id_is_unique() -> None:
    ids = [part["id"] for part in _parts(content_pack()) if "id" in part and "field" not in part]
    assert len(ids) == len(set(ids)) == 1 + len(ENTITIES) + 1 + 2 * len(CHARTS)


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every nested object."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(inner)
