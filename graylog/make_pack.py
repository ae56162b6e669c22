"""Generates content_pack.json, which a fresh Graylog installs by itself: inputs, streams and the dashboard.

The format is ContentPackV1 with a dashboard of version 2, for graylog-server 6.1; entities follow graylog-server's
org.graylog2.contentpacks.model.entities. Widgets use only fields that the services log. A pack cannot hold an
index set, so docker-stack.yml sets the retention in Graylog's environment.
"""

import hashlib
import json
import sys
import uuid
from pathlib import Path

PACK = Path(__file__).with_name("content_pack.json")
ID_NAMESPACE = uuid.UUID("5a1d3f0e-6a52-4c39-9d6d-1f9a7c1e0b42")
"""Ids are derived from names, so that a regenerated pack is the same pack."""
REVISIONS = ("25bed4604186067b", "4b097a3b9c9062cd")
"""The digest of each revision. Graylog skips a known revision, so a changed pack appends its digest."""
CREATED = "2026-11-21T00:00:00.000Z"
CONSTRAINTS = [{"type": "server-version", "version": ">=6.1.0"}]
DAY_S = 86_400
DASHBOARD_STEPS = ("decode", "detect", "align", "score", "annotate", "encode")
NOTICE_SEVERITY = "5"
"""Syslog's severity: a smaller number is more severe."""

Json = dict[str, object]


def content_pack() -> Json:
    """The content pack."""
    gelf = {"port": 12201, "bind_address": "0.0.0.0", "use_null_delimiter": True, "max_message_size": 131_072}  # noqa: S104 - in its container
    syslog = {
        "port": 1514,
        "bind_address": "0.0.0.0",  # noqa: S104 - in its container
        "recv_buffer_size": 262_144,
        "allow_override_date": True,  # without a readable time a message gets that of its arrival
    }
    entities = [
        graylog_input("Services, GELF", "org.graylog2.inputs.gelf.tcp.GELFTCPInput", gelf),
        graylog_input("RabbitMQ and Redis, syslog", "org.graylog2.inputs.syslog.udp.SyslogUDPInput", syslog),
        stream("Attrai errors", "Warnings and worse of every service", "SMALLER", "level", NOTICE_SEVERITY),
        stream("Attrai business events", "What became of photos", "REGEX", "event", "^(photo_|delivery$)"),
        dashboard(),
    ]
    about = {
        "name": "Attrai",
        "summary": "Inputs, streams and the dashboard of Attrai",
        "description": "",
        "vendor": "Attrai",
        "url": "",
    }
    return {"v": 1, "id": _id("pack"), "rev": len(REVISIONS), **about, "parameters": [], "entities": entities}


def digest(pack: Json) -> str:
    """The digest of a pack without its revision."""
    content = json.dumps({name: value for name, value in pack.items() if name != "rev"}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def graylog_input(title: str, kind: str, configuration: dict[str, object]) -> Json:
    """An input on every Graylog node."""
    data: Json = {
        "title": _value(title),
        "configuration": {name: _value(setting) for name, setting in configuration.items()},
        "static_fields": {},
        "type": _value(kind),
        "global": _value(True),
        "extractors": [],
    }
    return _entity("input", "1", title, data)


def stream(title: str, description: str, rule: str, field: str, value: str) -> Json:
    """A stream of the messages that match one rule."""
    stream_rule = {"type": rule, "field": field, "value": value, "inverted": False, "description": ""}
    data: Json = {
        "alarm_callbacks": [],
        "outputs": [],
        "remove_matches": _value(False),
        "title": _value(title),
        "stream_rules": [{name: _value(part) for name, part in stream_rule.items()}],
        "alert_conditions": [],
        "matching_type": _value("AND"),
        "disabled": _value(False),
        "description": _value(description),
        "default_stream": _value(False),
    }
    return _entity("stream", "1", title, data)


def dashboard() -> Json:
    """One page: users and photos, durations, failures."""
    widgets = [
        widget("Unique users a day", "event:photo_queued", ["card(user)"], by_time="1d"),
        widget("Photos a day", "event:photo_queued", ["count()"], by_time="1d"),
        widget(
            "Seconds by step, 95th percentile",
            "event:photo_estimated",
            [f"percentile(seconds_{step},95)" for step in DASHBOARD_STEPS],
            by_time="5m",
        ),
        widget(
            "Seconds by step, median",
            "event:photo_estimated",
            [f"percentile(seconds_{step},50)" for step in DASHBOARD_STEPS],
            by_time="5m",
        ),
        widget(
            "Seconds in the queue",
            "event:photo_estimated",
            ["percentile(queue_seconds,50)", "percentile(queue_seconds,95)"],
            by_time="5m",
        ),
        widget("Failures by code", "event:photo_failed OR event:photo_not_taken", ["count()"], by_field="code"),
        widget("Messages refused by service", "event:message_refused", ["count()"], by_field="service"),
        widget("Faces a photo", "event:photo_estimated", ["count()"], by_field="faces"),
        widget("Photos waiting", "event:queue_measured", ["max(waiting)"], by_time="5m"),
        widget(
            "Seconds that the oldest photo has waited", "event:queue_measured", ["max(oldest_seconds)"], by_time="5m"
        ),
        widget("Estimators at work", "event:queue_measured", ["min(replicas)", "max(replicas)"], by_time="5m"),
    ]
    query = _id("query")
    search = {
        "queries": [_query(query, [part["search"] for part in widgets])],
        "parameters": [],
        "requires": {},
        "owner": "admin",
        "created_at": CREATED,
    }
    data: Json = {
        "title": _value("Attrai"),
        "summary": _value("Photos, seconds, failures"),
        "description": _value(""),
        "type": "DASHBOARD",
        "search": search,
        "state": {query: _state(widgets)},
        "properties": [],
        "requires": {},
        "owner": "admin",
        "created_at": CREATED,
    }
    return _entity("dashboard", "2", "dashboard", data)


def widget(
    title: str, query: str, series: list[str], *, by_time: str | None = None, by_field: str | None = None
) -> Json:
    """A chart and its search. Series are functions of fields, over time or over the values of a field."""
    name = _id(f"widget {title}")
    amount, unit = (by_time or "1d")[:-1], {"d": "days", "m": "minutes"}[(by_time or "1d")[-1]]
    interval = {"type": "timeunit", "value": int(amount), "unit": unit}
    search_scope = {
        "timerange": {"type": "relative", "from": 7 * DAY_S},
        "query": {"type": "elasticsearch", "query_string": query},
        "streams": [],
    }
    pivot = {"fields": [by_field], "type": "values", "config": {"limit": 15}}
    group = {"type": "values", "fields": [by_field], "limit": 15}
    if by_field is None:
        pivot = {"fields": ["timestamp"], "type": "time", "config": {"interval": interval}}
        group = {
            "type": "time",
            "fields": ["timestamp"],
            "interval": {"type": "timeunit", "timeunit": f"{amount}{unit[0]}"},
        }
    chart = {
        "row_pivots": [pivot],
        "column_pivots": [],
        "series": [{"config": {"name": None}, "function": one} for one in series],
    }
    display: Json = {
        "visualization": "bar" if len(series) == 1 else "line",
        "sort": [],
        "rollup": True,
        "event_annotation": False,
    }
    pivot_search = {
        "type": "pivot",
        "name": "chart",
        "row_groups": [group],
        "column_groups": [],
        "series": [_series(one) for one in series],
    }
    return {
        "title": title,
        "widget": {
            "id": name,
            "type": "aggregation",
            "filter": None,
            "filters": [],
            **search_scope,
            "config": {**chart, **display},
        },
        "search": {
            "id": _id(f"search {title}"),
            **pivot_search,
            **search_scope,
            "filters": [],
            "sort": [],
            "rollup": True,
        },
    }


def _query(name: str, searches: list[object]) -> Json:
    everything = {"type": "elasticsearch", "query_string": ""}
    return {
        "id": name,
        "timerange": {"type": "relative", "from": DAY_S},
        "query": everything,
        "filters": [],
        "search_types": searches,
    }


def _state(widgets: list[Json]) -> Json:
    ids = [_id(f"widget {part['title']}") for part in widgets]
    return {
        "titles": {"widget": {name: part["title"] for name, part in zip(ids, widgets, strict=True)}},
        "widgets": [part["widget"] for part in widgets],
        "widget_mapping": {name: [_id(f"search {part['title']}")] for name, part in zip(ids, widgets, strict=True)},
        "positions": {
            name: {"col": 1 + 6 * (n % 2), "row": 1 + 3 * (n // 2), "width": 6, "height": 3}
            for n, name in enumerate(ids)
        },
        "display_mode_settings": {"positions": {}},
    }


def _series(function: str) -> Json:
    kind, _, inside = function.removesuffix(")").partition("(")
    field, _, percentile = inside.partition(",")
    series: Json = {"type": kind, "id": function, "field": field or None}
    return series | ({"percentile": float(percentile)} if percentile else {})


def _entity(kind: str, version: str, name: str, data: Json) -> Json:
    return {
        "v": "1",
        "type": {"name": kind, "version": version},
        "id": _id(f"{kind} {name}"),
        "data": data,
        "constraints": CONSTRAINTS,
    }


def _value(value: object) -> Json:
    kinds = {bool: "boolean", int: "integer", str: "string"}
    return {"@type": kinds[type(value)], "@value": value}


def _id(name: str) -> str:
    return str(uuid.uuid5(ID_NAMESPACE, name))


if __name__ == "__main__":
    PACK.write_text(json.dumps(content_pack(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{PACK.name} written\n")
