"""Looks for what only users know in all that the stack keeps after the last answer: ids, names, bytes of photos and pictures."""

import re

from drills.nothing_kept import Canaries, assert_nothing_lives, found, records
from drills.people import FIRST_ID, NAME, Crowd, tally
from drills.photos import COMMENT, photo
from drills.relay import telegram
from drills.swarm import DrillFailedError

PEOPLE = 60
"""As many as any drill before has had, except the flood."""
FILES = 10
SERVERS = {"rabbitmq", "redis"}
"""Whose own lines must have come to the log server, too: a log that nobody keeps holds no canary."""
SERVERS_LINE = re.compile(rb"^<\d+>1 \S+ (\w+) \w+ - - - ", re.MULTILINE)
SLICE = 24
"""Bytes of compressed pixels that tell a photo: no two different ones share them by chance."""


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    async with telegram() as url, Crowd(url, PEOPLE) as crowd:
        await crowd.send(range(PEOPLE))
        for number in range(PEOPLE, PEOPLE + FILES):
            await crowd.send_file(number, number % PEOPLE, photo(number))
        await crowd.wait_until_answered(240)
        counts = tally(await crowd.answers())
        wanted = _canaries(await crowd.files())
    await assert_nothing_lives()
    silent = SERVERS - {name.decode() for name in SERVERS_LINE.findall(records())}
    if silent:
        raise DrillFailedError(f"the log server has no line of {', '.join(sorted(silent))}")
    places, hits = found(wanted)
    said = f"{dict(counts)}; {sum(map(len, wanted.values()))} canaries in {places} bytes: {dict(hits) or 'none'}"
    if hits or counts["right"] != len(crowd.sent):
        raise DrillFailedError(said)
    return said


def _canaries(files: list[bytes]) -> Canaries:
    return {
        "user ids": {str(FIRST_ID + n).encode() for n in range(PEOPLE)},
        "names": {NAME.encode()},
        "file names": {b"photo.jpg"},
        "comments": {COMMENT},
        "pixels": {data[place : place + SLICE] for data in files for place in (len(data) // 3, 2 * len(data) // 3)},
    }
