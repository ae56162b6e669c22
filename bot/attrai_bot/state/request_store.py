"""The edge to Redis: every read and every change of live requests. All methods raise RequestStoreUnavailable."""

import secrets
from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType
from typing import Self, TypeVar, cast

from attrai_shared import keys
from attrai_shared.contracts import Language, ReplyAddress
from attrai_shared.errors import Busy, QuotaExceeded, RefusedMessage, RequestStoreUnavailable
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from attrai_bot.state import scripts
from attrai_bot.state.address_cipher import AddressCipher
from attrai_bot.state.day_counts import DAYS_SHOWN, Day, date_of, day_of, fields_of, last_dates, seconds_to_midnight
from attrai_bot.state.live_request import UNREADABLE_ADDRESS, Admitted, Claim, Duplicate, LiveRequest, QuotaLimits
from attrai_bot.state.timings import WINDOW_PHOTOS, QueueLoad, Timings

MARKS_KEPT_S = 3600.0
"""How long marks outlive a request's deadline. An update that is repeated later counts as new."""
CLAIM_LEASE_S = 10.0
"""How long a claim lasts unless it is renewed."""
REQUEST_STORE_TIMEOUT_S = 4.0
COUNTS_KEPT_MS = (DAYS_SHOWN + 1) * 86_400_000
SALT_EXTRA_S = 60.0
"""A day's salt outlives the day, since the clocks of two processes may differ."""
NO_SECONDS: Mapping[str, float] = MappingProxyType({})
SEALED_FIELD = "sealed"
"""The field that holds the encrypted address."""

Argument = str | int | float
Answer = TypeVar("Answer")


class RequestStore:
    """Quotas, deadlines, claims and timings. `now` and deadlines are seconds since 1970."""

    def __init__(self, redis: Redis, limits: QuotaLimits, cipher: AddressCipher) -> None:
        self._redis, self._limits, self._cipher = redis, limits, cipher

    @classmethod
    def at(cls, url: str, limits: QuotaLimits, cipher: AddressCipher) -> Self:
        """A request store on the server at `redis://...` or `unix:///path?db=N`. It connects with the first call."""
        once_more = Retry(NoBackoff(), 1)
        redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_timeout=REQUEST_STORE_TIMEOUT_S,
            socket_connect_timeout=REQUEST_STORE_TIMEOUT_S,
            retry=once_more,
        )
        return cls(redis, limits, cipher)

    async def close(self) -> None:
        await self._redis.aclose()

    async def admit(self, request: LiveRequest, now: float) -> Admitted | Duplicate:
        """Makes a request live, unless its message was admitted before. Raises QuotaExceeded, Busy too."""
        date = date_of(now)
        names = [keys.of_user(request.user), keys.record(request.request_id), keys.BYTES]
        names += [keys.day(date), keys.day_users(date), keys.day_salt(date)]
        limits = [self._limits.of_user, self._limits.of_all, self._limits.of_bytes]
        reservation: list[Argument] = [
            request.request_id,
            request.deadline,
            request.bytes,
            _mark_ms(request.deadline, now),
        ]
        answer = await self._run(
            scripts.ADMIT,
            [keys.message(self._cipher.message_hash(request.user, request.photo_message_id)), keys.LIVE, *names],
            [now, *limits, *reservation, COUNTS_KEPT_MS, secrets.token_hex(16), _salt_ms(now), *self._fields(request)],
        )
        verdict, *rest = cast(Sequence[str], answer)
        if verdict == "admitted":
            return Admitted(of_user=int(rest[0]), ahead=QueueLoad(int(rest[1]), int(rest[2])))
        if verdict == "earlier":
            return Duplicate(await self.find(rest[0]))
        raise QuotaExceeded if verdict == QuotaExceeded.code else Busy

    async def note_waiting(self, request: LiveRequest) -> None:
        """Stores the request's waiting message."""
        await self._run(scripts.NOTE, [keys.record(request.request_id)], [SEALED_FIELD, self._sealed(request)])

    async def note_queued(self, request_id: str) -> None:
        """Stores that the broker has the request's message."""
        await self._run(scripts.NOTE, [keys.record(request_id)], ["queued", 1])

    async def claim(self, request_id: str, owner: str, *, live_only: bool) -> Claim:
        """Leases the right to answer for `CLAIM_LEASE_S`, or renews the owner's lease.

        With `live_only`, a request that is not live counts as answered; without it, only one that is marked so.
        """
        answer = await self._run(
            scripts.CLAIM,
            [keys.answered(request_id), keys.replying(request_id), keys.record(request_id)],
            [owner, int(CLAIM_LEASE_S * 1000), int(live_only)],
        )
        return Claim(cast(str, answer))

    async def release(self, request_id: str, owner: str) -> None:
        """Releases the claim, if the owner still holds it."""
        await self._run(scripts.RELEASE, [keys.replying(request_id)], [owner])

    async def settle(
        self, request_id: str, user: str, deadline: float, now: float, seconds: Mapping[str, float] = NO_SECONDS
    ) -> None:
        """Ends a request that is answered, or never can be: gives back all that it reserved. Idempotent.

        `seconds`: of each step of its estimate; they are counted once.
        """
        names = [
            keys.record(request_id),
            keys.attempts(request_id),
            keys.replying(request_id),
            keys.answered(request_id),
        ]
        given_back = await self._run(
            scripts.SETTLE,
            [keys.LIVE, keys.BYTES, keys.of_user(user), *names, keys.day(date_of(now))],
            [request_id, _mark_ms(deadline, now), COUNTS_KEPT_MS, *fields_of(seconds)],
        )
        if seconds and given_back:
            took: list[Argument] = [sum(seconds.values()), int(cast(str, given_back)), WINDOW_PHOTOS]
            await self._run(scripts.LEARN, [keys.TIMINGS], took)

    async def find(self, request_id: str) -> LiveRequest | None:
        """The live request of this id, or None."""
        return self._decoded(await self._ask(self._redis.hgetall(keys.record(request_id))))

    async def live(self) -> list[LiveRequest]:
        """All live requests, the oldest first."""
        return await self._in_order("+inf")

    async def overdue(self, now: float) -> list[LiveRequest]:
        """Live requests whose deadline has passed, the oldest first."""
        return await self._in_order(repr(now))

    async def replicas(self, now: float) -> int:
        """Estimator replicas with a recent heartbeat."""
        return int(await self._ask(self._redis.zcount(keys.REPLICAS, now - keys.REPLICA_TIMEOUT_S, "+inf")))

    async def timings(self) -> Timings:
        """How long recent estimates took."""
        return Timings.of(cast(dict[str, str], await self._ask(self._redis.hgetall(keys.TIMINGS))))

    async def days(self, now: float) -> list[Day]:
        """The counts of the last days, today's last."""
        dates = last_dates(now)
        pipeline = self._redis.pipeline(transaction=False)
        for date in dates:
            pipeline.hgetall(keys.day(date))
            pipeline.pfcount(keys.day_users(date))
        answer = await self._ask(pipeline.execute())
        return [
            day_of(date, fields, users) for date, fields, users in zip(dates, answer[::2], answer[1::2], strict=True)
        ]

    async def language(self, user: str) -> Language | None:
        """The language that the user chose, if they did."""
        return cast(Language | None, await self._ask(self._redis.get(keys.language(user))))

    async def set_language(self, user: str, language: Language) -> None:
        """Stores the language that the user chose."""
        await self._ask(self._redis.set(keys.language(user), language))

    async def _in_order(self, up_to: str) -> list[LiveRequest]:
        ids = cast(list[str], await self._ask(self._redis.zrangebyscore(keys.LIVE, "-inf", up_to)))
        pipeline = self._redis.pipeline(transaction=False)
        for request_id in ids:
            pipeline.hgetall(keys.record(request_id))
        return [request for fields in await self._ask(pipeline.execute()) if (request := self._decoded(fields))]

    def _fields(self, request: LiveRequest) -> list[Argument]:
        kept = request.model_dump(exclude=set(ReplyAddress.model_fields))
        fields = kept | {"queued": int(request.queued), SEALED_FIELD: self._sealed(request)}
        return [part for field in fields.items() for part in field]

    def _sealed(self, request: LiveRequest) -> str:
        return self._cipher.encrypt(request.address, request.request_id)

    def _decoded(self, answer: object) -> LiveRequest | None:
        """The request with these fields. Version 1 stores its address in plain."""
        fields = cast(dict[str, str], answer)
        if not fields:
            return None
        address = (
            self._opened(fields[SEALED_FIELD], fields["request_id"]).model_dump() if SEALED_FIELD in fields else {}
        )
        return LiveRequest.model_validate(fields | address)

    def _opened(self, sealed: str, request_id: str) -> ReplyAddress:
        try:
            return self._cipher.decrypt(sealed, request_id)
        except RefusedMessage:
            return UNREADABLE_ADDRESS

    async def _run(self, script: str, names: Sequence[str], arguments: Sequence[Argument]) -> object:
        return await self._ask(self._redis.register_script(script)(keys=names, args=arguments))

    async def _ask(self, question: Awaitable[Answer]) -> Answer:
        try:
            return await question
        except (RedisError, OSError) as error:
            raise RequestStoreUnavailable(type(error).__name__) from error


def _mark_ms(deadline: float, now: float) -> int:
    return int((max(deadline - now, 0.0) + MARKS_KEPT_S) * 1000)


def _salt_ms(now: float) -> int:
    return int((seconds_to_midnight(now) + SALT_EXTRA_S) * 1000)
