"""Every key in Redis. Keys are built only here; they hold a keyed hash of the user's id, never the id."""

import hashlib
import hmac

LIVE = "attrai:live"
"""Sorted set: the id of every accepted and unanswered request, by deadline."""
BYTES = "attrai:bytes"
"""Number: bytes in the photo store that live requests have reserved."""
REPLICAS = "attrai:replicas"
"""Sorted set: estimator replica by the time of its last heartbeat."""
TIMINGS = "attrai:timings"
"""Hash: running means of the seconds that estimators measured."""

REPLICA_TIMEOUT_S = 15.0
"""A replica without a heartbeat for so long does not count. Heartbeats come every 5 s."""


def of_user(user: str) -> str:
    """Sorted set: the user's live request ids by deadline."""
    return f"attrai:user:{user}"


def record(request_id: str) -> str:
    """Hash: what the reaper needs to answer a live request."""
    return f"attrai:request:{request_id}"


def attempts(request_id: str) -> str:
    """Number: how often work on the request has begun."""
    return f"attrai:attempts:{request_id}"


def answered(request_id: str) -> str:
    """Flag: the user has the reply."""
    return f"attrai:answered:{request_id}"


def replying(request_id: str) -> str:
    """Lease: a process is sending the reply now."""
    return f"attrai:replying:{request_id}"


def message(message_hash: str) -> str:
    """The request id of a user's message, so that an update delivered twice makes one request.

    `message_hash` is keyed.
    """
    return f"attrai:message:{message_hash}"


def language(user: str) -> str:
    """The language that a user chose."""
    return f"attrai:language:{user}"


def day(date: str) -> str:
    """Hash: how many photos came on that day (YYYY-MM-DD), and estimates by step and bucket of seconds."""
    return f"attrai:day:{date}"


def day_users(date: str) -> str:
    """HyperLogLog: about how many users sent photos that day. Without the day's salt it identifies nobody."""
    return f"attrai:day:users:{date}"


def day_salt(date: str) -> str:
    """Random text that salts the user hashes in the day's HyperLogLog. It expires soon after the day."""
    return f"attrai:day:salt:{date}"


def user_hash(user_id: int, key: bytes) -> str:
    """The keyed hash (HMAC-SHA-256, cut to 128 bits) that identifies a user everywhere outside Telegram."""
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()[:32]
