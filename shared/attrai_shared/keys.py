"""Every key in Redis, built here from typed values, and nowhere else. No key holds a user's id, only the keyed hash of it."""

import hashlib
import hmac

LIVE = "attrai:live"
"""Sorted set: request id by deadline, of every request accepted and not yet answered."""
BYTES = "attrai:bytes"
"""Number: bytes in the photo store that live requests have reserved."""
REPLICAS = "attrai:replicas"
"""Sorted set: estimator replica by the instant at which it last said that it is well."""
TIMINGS = "attrai:timings"
"""Hash: running means of the seconds that estimators measured."""

REPLICA_SILENCE = 15.0
"""Seconds after which a silent replica no longer counts; replicas speak every 5 s."""


def of_user(user: str) -> str:
    """Sorted set: the user's live request ids by deadline."""
    return f"attrai:user:{user}"


def record(request_id: str) -> str:
    """Hash: what the reaper needs to answer a live request."""
    return f"attrai:request:{request_id}"


def attempts(request_id: str) -> str:
    """Number: how often work on the request began."""
    return f"attrai:attempts:{request_id}"


def answered(request_id: str) -> str:
    """Mark: the user has the reply."""
    return f"attrai:answered:{request_id}"


def replying(request_id: str) -> str:
    """Lease: somebody is sending the reply at this moment."""
    return f"attrai:replying:{request_id}"


def message(mark: str) -> str:
    """The request id that a user's message led to, so that an update delivered twice is taken once. `mark` is a keyed hash."""
    return f"attrai:message:{mark}"


def language(user: str) -> str:
    """The language that a user chose."""
    return f"attrai:language:{user}"


def day(date: str) -> str:
    """Hash: how many photos came on that day (YYYY-MM-DD), and estimates by step and bucket of seconds."""
    return f"attrai:day:{date}"


def day_users(date: str) -> str:
    """HyperLogLog: about how many users sent the day's photos; which ones, it cannot say once the day's salt is gone."""
    return f"attrai:day:users:{date}"


def day_salt(date: str) -> str:
    """Random text under which the day's users are hashed into its HyperLogLog; it expires soon after the day."""
    return f"attrai:day:salt:{date}"


def user_hash(user_id: int, key: bytes) -> str:
    """The keyed hash (HMAC-SHA-256, cut to 128 bits) that stands for a user everywhere outside Telegram."""
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()[:32]
