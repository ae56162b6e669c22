"""Log records of one request from the engine's log files of this node. It works without Graylog."""

import json
from collections.abc import Iterable, Iterator

from attrai_deploy.docker import logs

SERVICES = ("bot", "estimator", "replier")


def request_log(request: str) -> list[str]:
    """Records of the request whose id starts with `request`, as JSON lines, oldest first. Raises DockerFailedError."""
    lines = (line for service in SERVICES for line in logs(service).splitlines())
    return [line for _, line in sorted(records_of(request, lines))]


def records_of(request: str, lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Time and line of each record of the request. Other lines are skipped."""
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and str(record.get("request_id", "")).startswith(request):
            yield str(record.get("time", "")), line
