"""What must be gone when every photo is answered, and a search of all that the stack keeps for what only its users know."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from attrai_deploy.docker import STACK, logs

from drills.swarm import DrillFailedError, read_in, run_in, until

SETTLED_WITHIN = 60.0
OURS = ("bot", "replier", "estimator")
FOLDERS = {
    "redis": ("/data",),
    "rabbitmq": ("/var/lib/rabbitmq", "/tmp"),  # noqa: S108 - in its container
    "flower": ("/tmp",),  # noqa: S108 - in its container
}
"""Where servers write."""
FLOWERS_TASKS = (
    "from base64 import b64encode; from urllib.request import Request, urlopen; "
    "word = b64encode(open('/run/secrets/flower_password', 'rb').read()).decode(); "
    "print(urlopen(Request('http://127.0.0.1:5555/api/tasks', headers={'Authorization': 'Basic ' + word})).read().decode())"
)

Canaries = dict[str, set[bytes]]
"""What nothing may hold, by kind."""


def queue_depths() -> dict[str, int]:
    """Messages in each queue, unacknowledged ones included."""
    listed = run_in(
        "rabbitmq", "rabbitmqctl", "-q", "list_queues", "-p", STACK, "name", "messages", "--no-table-headers"
    )
    return {name: int(count) for name, count in (line.split() for line in listed.splitlines() if "\t" in line)}


def stored_files() -> list[str]:
    """Names in the photo volume."""
    return run_in("replier", "python", "-c", "import os; print(*os.listdir('/photos'))").split()


def live_keys() -> list[str]:
    """Redis's keys of live requests and of quotas, as the bot itself sees them."""
    script = (
        "import redis; r = redis.Redis.from_url(open('/run/secrets/replier_redis_url').read()); "
        "print(*[k.decode() for p in ('live', 'user:*', 'request:*', 'attempts:*', 'replying:*') for k in r.scan_iter('attrai:' + p)])"
    )
    return run_in("replier", "python", "-c", script).split()


async def assert_nothing_lives() -> None:
    """Raises DrillFailedError where a file, a quota or a message is left."""

    def clean() -> bool:
        return not stored_files() and not live_keys() and not any(queue_depths().values())

    try:
        await until(clean, "nothing lives", SETTLED_WITHIN)
    except DrillFailedError:
        left = {"files": stored_files(), "keys": live_keys(), "queues": queue_depths()}
        raise DrillFailedError(f"left over: {json.dumps(left)[:500]}") from None


def records() -> bytes:
    """Every record that came to the log server."""
    return read_in("receiver", "cat", "/logs/records.log")


def found(wanted: Canaries) -> tuple[int, Counter[str]]:
    """Bytes searched, and how many canaries of each kind lie where: `kind in place`."""
    hits: Counter[str] = Counter()
    searched = 0
    for place, data in _places():
        searched += len(data)
        for kind, canaries in wanted.items():
            if count := sum(canary in data for canary in canaries):
                hits[f"{kind} in {place}"] = count
    return searched, hits


def _places() -> Iterator[tuple[str, bytes]]:
    """Every service's log, every volume, what containers have written beside them, and what Flower shows."""
    for name in (*OURS, *FOLDERS):
        yield f"the log of {name}", logs(name).encode()
    yield "the records at the log server", records()
    for name, folders in (FOLDERS | dict.fromkeys(OURS, ("/photos", "/tmp", "/run/attrai"))).items():  # noqa: S108 - in containers
        yield f"the files of {name}", _files(name, folders)
    yield "Flower's page", read_in("flower", "python", "-c", FLOWERS_TASKS)


def _files(service: str, folders: Sequence[str]) -> bytes:
    """Every file's bytes, one after the other. Files may go while they are read; servers that keep something must have some."""
    data = read_in(service, "sh", "-c", f"find {' '.join(folders)} -type f -exec cat {{}} + 2>/dev/null; true")
    if service in ("redis", "rabbitmq") and not data:
        raise DrillFailedError(f"{service} has no data to search")
    return data
