"""The edge to Redis: every question and every change that the bot has for it. All methods raise LedgerUnavailable."""

from collections.abc import Awaitable, Sequence
from typing import Self, TypeVar, cast

from attrai_shared import keys
from attrai_shared.contracts import Language
from attrai_shared.errors import Busy, LedgerUnavailable, QuotaExceeded
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from attrai_bot.quotas import scripts
from attrai_bot.quotas.records import Admitted, Claim, Earlier, Limits, Record

MARKED = 3600.0
"""Seconds after its deadline for which a request's marks stay; an update that comes again later is taken for new."""
LEASE = 10.0
"""Seconds for which a claim holds unless it is renewed."""
NEW_SHARE = 0.2
"""Weight of the newest measurement in the running mean: the last ten or so count."""
TIMEOUT = 4.0
"""Seconds that Redis may take to answer."""

Argument = str | int | float
Answer = TypeVar("Answer")


class Ledger:
    """Quotas, deadlines, claims and timings. `now` and deadlines are seconds since 1970."""

    def __init__(self, redis: Redis, limits: Limits) -> None:
        self._redis, self._limits = redis, limits

    @classmethod
    def at(cls, url: str, limits: Limits) -> Self:
        """A ledger on the server at `redis://...` or `unix:///path?db=N`; it connects when first asked."""
        once_more = Retry(NoBackoff(), 1)
        redis = Redis.from_url(
            url, decode_responses=True, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=once_more
        )
        return cls(redis, limits)

    async def close(self) -> None:
        await self._redis.aclose()

    async def admit(self, record: Record, now: float) -> Admitted | Earlier:
        """Takes a request in, or tells that its message was taken before. Raises QuotaExceeded, Busy too."""
        names = [keys.of_user(record.user), keys.record(record.request_id), keys.BYTES]
        limits = [self._limits.of_user, self._limits.of_all, self._limits.of_bytes]
        request: list[Argument] = [record.request_id, record.deadline, record.bytes, _mark_ms(record.deadline, now)]
        said = await self._run(
            scripts.ADMIT,
            [keys.message(record.user, record.photo_message_id), keys.LIVE, *names],
            [now, *limits, *request, *_fields(record)],
        )
        verdict, *rest = cast(Sequence[str], said)
        if verdict == "admitted":
            return Admitted(of_user=int(rest[0]), ahead=int(rest[1]))
        if verdict == "earlier":
            return Earlier(await self.record(rest[0]))
        raise QuotaExceeded if verdict == QuotaExceeded.code else Busy

    async def note_waiting(self, request_id: str, message_id: int) -> None:
        """The request's waiting message is this one."""
        await self._run(scripts.NOTE, [keys.record(request_id)], ["waiting_message_id", message_id])

    async def note_queued(self, request_id: str) -> None:
        """The broker has confirmed the request's message."""
        await self._run(scripts.NOTE, [keys.record(request_id)], ["queued", 1])

    async def claim(self, request_id: str, owner: str, *, recorded_only: bool) -> Claim:
        """Leases the right to answer for `LEASE` seconds, or renews the owner's lease.

        With `recorded_only` a request without a record counts as answered; without it, only one that is marked so.
        """
        said = await self._run(
            scripts.CLAIM,
            [keys.answered(request_id), keys.replying(request_id), keys.record(request_id)],
            [owner, int(LEASE * 1000), int(recorded_only)],
        )
        return Claim(cast(str, said))

    async def release(self, request_id: str, owner: str) -> None:
        """Gives the lease back, if it is still the owner's."""
        await self._run(scripts.RELEASE, [keys.replying(request_id)], [owner])

    async def settle(self, request_id: str, user: str, deadline: float, now: float) -> None:
        """The request is answered, or can never be: gives back all that it took."""
        names = [
            keys.record(request_id),
            keys.attempts(request_id),
            keys.replying(request_id),
            keys.answered(request_id),
        ]
        await self._run(
            scripts.SETTLE,
            [keys.LIVE, keys.BYTES, keys.of_user(user), *names],
            [request_id, _mark_ms(deadline, now)],
        )

    async def record(self, request_id: str) -> Record | None:
        """The live request of this id, or None."""
        return _record(await self._ask(self._redis.hgetall(keys.record(request_id))))

    async def live(self) -> list[Record]:
        """All live requests, the first accepted first."""
        return await self._records("+inf")

    async def overdue(self, now: float) -> list[Record]:
        """Live requests whose deadline has passed, the oldest first."""
        return await self._records(repr(now))

    async def replicas(self, now: float) -> int:
        """Estimator replicas that said lately that they are well."""
        return int(await self._ask(self._redis.zcount(keys.REPLICAS, now - keys.REPLICA_SILENCE, "+inf")))

    async def mean_seconds(self) -> float | None:
        """Running mean of the seconds that one estimate takes; None before the first."""
        mean = await self._ask(self._redis.hget(keys.TIMINGS, "mean"))
        return None if mean is None else float(mean)

    async def record_timing(self, seconds: float) -> None:
        """One estimate took so many seconds."""
        await self._run(scripts.TIMING, [keys.TIMINGS], [seconds, NEW_SHARE])

    async def language(self, user: str) -> Language | None:
        """The language that the user chose, if they did."""
        return cast(Language | None, await self._ask(self._redis.get(keys.language(user))))

    async def set_language(self, user: str, language: Language) -> None:
        """The user chose a language."""
        await self._ask(self._redis.set(keys.language(user), language))

    async def _records(self, up_to: str) -> list[Record]:
        ids = cast(list[str], await self._ask(self._redis.zrangebyscore(keys.LIVE, "-inf", up_to)))
        pipeline = self._redis.pipeline(transaction=False)
        for request_id in ids:
            pipeline.hgetall(keys.record(request_id))
        return [record for fields in await self._ask(pipeline.execute()) if (record := _record(fields))]

    async def _run(self, script: str, names: Sequence[str], arguments: Sequence[Argument]) -> object:
        return await self._ask(self._redis.register_script(script)(keys=names, args=arguments))

    async def _ask(self, question: Awaitable[Answer]) -> Answer:
        try:
            return await question
        except (RedisError, OSError) as error:
            raise LedgerUnavailable(type(error).__name__) from error


def _mark_ms(deadline: float, now: float) -> int:
    return int((max(deadline - now, 0.0) + MARKED) * 1000)


def _fields(record: Record) -> list[Argument]:
    return [
        part
        for name, value in record.model_dump().items()
        for part in (name, int(value) if name == "queued" else value)
    ]


def _record(fields: object) -> Record | None:
    return Record.model_validate(fields) if fields else None
