"""A photo that kills the process that works on it: tried three times, its user is told, and others are not held up."""

from drills.nothing_kept import assert_nothing_lives
from drills.people import Crowd, tally
from drills.photos import photo
from drills.relay import telegram
from drills.swarm import DrillFailedError, rolled_back, run_in, updated

OTHERS = 12
ATTEMPTS = 3
POISONED = 4000
FAULTY = "attrai-test/faulty"
MARK = b"<poison>"
NOTES = "/tmp/attempts"  # noqa: S108 - in its container


async def run() -> str:
    """The table's sentence. Raises DrillFailedError."""
    await updated(
        "estimator",
        "--force",
        "--image",
        FAULTY,
        "--args",
        "",
        "--env-add",
        f"FAULTY_LOG={NOTES}",
    )
    async with telegram() as url, Crowd(url, people=OTHERS + 1) as crowd:
        await crowd.send_file(POISONED, OTHERS, photo(POISONED) + MARK)
        await crowd.send(range(OTHERS))
        await crowd.wait_until_answered(240)
        answers = await crowd.answers()
    attempts = run_in("estimator", "cat", NOTES).count(MARK.decode())
    told = answers.pop(POISONED)
    counts = tally(answers)
    await rolled_back("estimator")
    said = f"{attempts} attempts, then told: {' '.join(told.sentences)!r}; {OTHERS} photos of others: {dict(counts)}"
    if not 1 <= attempts <= ATTEMPTS or len(told.sentences) != 1 or counts["right"] != OTHERS:
        raise DrillFailedError(said)
    await assert_nothing_lives()
    return said
