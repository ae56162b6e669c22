"""What must be gone when every photo is answered, and a search of all that the stack keeps for what only its users know."""

import json
from collections import Counter

from attrai_deploy.docker import STACK, docker, logs

from drills.people import FIRST_ID, NAME
from drills.swarm import DrillFailedError, containers, run_in, until

QUEUES = ("to_estimate", "after_estimate", "dead_letters", "refused")
SETTLED_WITHIN = 60.0


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


def canaries(people: int) -> dict[str, list[str]]:
    """What nothing may hold, by kind."""
    return {"user ids": [str(FIRST_ID + n) for n in range(people)], "names": [NAME], "file names": ["photo.jpg"]}


def found_canaries(people: int) -> Counter[str]:
    """How many canaries of each kind lie where: `kind in place`. Places are the logs of each service and the data of each volume."""
    found: Counter[str] = Counter()
    wanted = canaries(people)
    for place, text in _places():
        for kind, words in wanted.items():
            if count := sum(word.encode() in text for word in words):
                found[f"{kind} in {place}"] = count
    return found


def _places() -> list[tuple[str, bytes]]:
    printed = [(f"logs of {name}", logs(name).encode()) for name in ("bot", "replier", "estimator", "flower")]
    records = ("records at the log server", run_in("receiver", "cat", "/logs/records.log").encode(errors="replace"))
    return [
        *printed,
        records,
        ("Redis's data", _data("redis", "/data")),
        ("RabbitMQ's data", _data("rabbitmq", "/var/lib/rabbitmq")),
    ]


def _data(service: str, folder: str) -> bytes:
    strings = f"find {folder} -type f -exec cat {{}} + | tr -c '[:print:]' '\\n'"
    return docker("exec", containers(service)[0], "bash", "-c", strings).encode(errors="replace")
