"""Leftovers after the last answer: files, keys and messages, and canaries in everything that the stack stores."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from attrai_deploy.docker import STACK, logs

from drills.swarm import DrillFailedError, read_in, run_in, wait_until

LEFTOVERS_TIMEOUT_S = 60.0
OWN_SERVICES = ("bot", "replier", "estimator")
FOLDERS = {
    "redis": ("/data",),
    "rabbitmq": ("/var/lib/rabbitmq", "/tmp"),  # noqa: S108 - in its container
    "flower": ("/tmp",),  # noqa: S108 - in its container
}
"""Folders that the servers write to."""
PRINT_FLOWER_TASKS = (
    "from base64 import b64encode; from urllib.request import Request, urlopen; "
    "word = b64encode(open('/run/secrets/flower_password', 'rb').read()).decode(); "
    "print(urlopen(Request('http://127.0.0.1:5555/api/tasks', headers={'Authorization': 'Basic ' + word})).read().decode())"
)

Canaries = dict[str, set[bytes]]
"""Byte strings that nothing may store, by kind."""


def queue_depths() -> dict[str, int]:
    """The number of messages in each queue, unacknowledged ones included."""
    listed = run_in(
        "rabbitmq", "rabbitmqctl", "-q", "list_queues", "-p", STACK, "name", "messages", "--no-table-headers"
    )
    return {name: int(count) for name, count in (line.split() for line in listed.splitlines() if "\t" in line)}


def stored_files() -> list[str]:
    """File names in the photo volume."""
    return run_in("replier", "python", "-c", "import os; print(*os.listdir('/photos'))").split()


def live_keys() -> list[str]:
    """Redis keys of live requests and quotas, read with the replier's rights."""
    script = (
        "import redis; r = redis.Redis.from_url(open('/run/secrets/replier_redis_url').read()); "
        "print(*[k.decode() for p in ('live', 'user:*', 'request:*', 'attempts:*', 'replying:*') for k in r.scan_iter('attrai:' + p)])"
    )
    return run_in("replier", "python", "-c", script).split()


async def assert_no_leftovers() -> None:
    """Raises DrillFailedError if a file, a key or a message is left."""

    def clean() -> bool:
        return not stored_files() and not live_keys() and not any(queue_depths().values())

    try:
        await wait_until(clean, "nothing is left", LEFTOVERS_TIMEOUT_S)
    except DrillFailedError:
        left = {"files": stored_files(), "keys": live_keys(), "queues": queue_depths()}
        raise DrillFailedError(f"left over: {json.dumps(left)[:500]}") from None


def log_records() -> bytes:
    """Every record that the log server received."""
    return read_in("receiver", "cat", "/logs/records.log")


def search(wanted: Canaries) -> tuple[int, Counter[str]]:
    """Returns the bytes searched and the number of canaries found, by `kind in place`."""
    hits: Counter[str] = Counter()
    searched = 0
    for place, data in _places():
        searched += len(data)
        for kind, canaries in wanted.items():
            if count := sum(canary in data for canary in canaries):
                hits[f"{kind} in {place}"] = count
    return searched, hits


def _places() -> Iterator[tuple[str, bytes]]:
    """Every service's log, volumes and temporary files, the log server's records and Flower's tasks."""
    for name in (*OWN_SERVICES, *FOLDERS):
        yield f"the log of {name}", logs(name).encode()
    yield "the records at the log server", log_records()
    for name, folders in (FOLDERS | dict.fromkeys(OWN_SERVICES, ("/photos", "/tmp", "/run/attrai"))).items():  # noqa: S108 - in containers
        yield f"the files of {name}", _files(name, folders)
    yield "Flower's page", read_in("flower", "python", "-c", PRINT_FLOWER_TASKS)


def _files(service: str, folders: Sequence[str]) -> bytes:
    """The bytes of all files, concatenated. Files may vanish meanwhile, but redis and rabbitmq must have some."""
    data = read_in(service, "sh", "-c", f"find {' '.join(folders)} -type f -exec cat {{}} + 2>/dev/null; true")
    if service in ("redis", "rabbitmq") and not data:
        raise DrillFailedError(f"{service} has no data to search")
    return data
