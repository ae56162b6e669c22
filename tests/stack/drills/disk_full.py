"""The photo volume is full, then nearly so: users are told, nothing half-written stays, and service goes on as soon as there is room."""

import asyncio

from drills.nothing_kept import assert_nothing_lives, stored_files
from drills.people import Answer, Crowd, tally
from drills.photos import photo
from drills.relay import telegram
from drills.swarm import DrillFailedError, rolled_back, run_in, updated

SERVICES = ("replier", "estimator", "bot")
SMALL = (
    "type=volume,source=attrai_small,target=/photos,volume-driver=local,volume-opt=type=tmpfs,"
    'volume-opt=device=tmpfs,"volume-opt=o=size=1m,uid=10001,gid=10001,mode=700"'
)
PAGE = 4096
BALLAST = "ballast"
FILL = (
    f"import os; s = os.statvfs('/photos'); open('/photos/{BALLAST}', 'wb').write(bytes(s.f_bavail * s.f_frsize - %d))"
)
TOLD = "I cannot store your photo right now"
PHOTOS = 6


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    await asyncio.gather(*[updated(name, "--mount-add", SMALL) for name in SERVICES])
    async with telegram() as url:
        full = await _told(url, free=0)
        nearly = await _told(url, free=(len(photo(0)) // PAGE + 2) * PAGE)
        async with Crowd(url, PHOTOS) as crowd:
            await crowd.send(range(PHOTOS))
            await crowd.wait_until_answered(120)
            after = tally(await crowd.answers())
    await assert_nothing_lives()
    await rolled_back(*SERVICES)
    said = f"full: {full} of {PHOTOS} told; room for a photo but not for its picture: {nearly} of {PHOTOS} told; then {dict(after)}"
    if (full, nearly, after["right"], after["twice"]) != (PHOTOS, PHOTOS, PHOTOS, 0):
        raise DrillFailedError(said)
    return said


async def _told(url: str, free: int) -> int:
    """How many of some people's photos, one after the other, were answered by the right sentence while so many bytes were free."""
    run_in("replier", "python", "-c", FILL % free)
    answers: dict[int, Answer] = {}
    for number in range(PHOTOS):
        async with Crowd(url, number + 1) as crowd:
            await crowd.send_file(number, number, photo(number))
            await crowd.wait_until_answered(60)
            answers |= await crowd.answers()
    if (left := stored_files()) != [BALLAST]:
        raise DrillFailedError(f"half-written or forgotten beside the ballast: {left}")
    run_in("replier", "python", "-c", f"import os; os.unlink('/photos/{BALLAST}')")
    return sum(
        len(answer.sentences) == 1 and answer.sentences[0].startswith(TOLD) and not answer.waiting
        for answer in answers.values()
    )
