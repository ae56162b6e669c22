"""Generates every secret of the stack. Nothing is stored here."""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass

BROKER_USERS = ("intake", "replier", "estimator", "batch", "batch_estimator", "flower", "exporter")
REDIS_USERS = {
    "intake": "~attrai:* +@read +@write +@connection +@transaction +@scripting -@dangerous",
    "replier": "~attrai:* +@read +@write +@connection +@transaction +@scripting -@dangerous",
    "estimator": "~attrai:replicas ~attrai:attempts:* +@connection +@transaction "
    "+incrby +expireat +zadd +zrem +zremrangebyscore",
}
"""Redis rights of each service (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/)."""
DEFAULT_USER = "user default off resetpass allkeys allchannels +@all"
"""Nobody can log in, but Redis replays its journal as this user: without rights a restart loses transactions."""
HEALTH_CHECK_USER = "user health on nopass resetkeys resetchannels -@all +ping"


@dataclass(frozen=True, slots=True)
class Credentials:
    """`secrets`: values by name, for Docker. `pages`: user and password of each web page, printed once."""

    secrets: dict[str, str]
    pages: dict[str, tuple[str, str]]


def new_credentials(bot_token: str) -> Credentials:
    """New passwords for everything, and the given token."""
    broker = {user: _password() for user in BROKER_USERS}
    redis = {user: _password() for user in REDIS_USERS}
    mongodb, graylog, flower, grafana = (_password() for _ in range(4))
    urls = {f"{user}_broker_url": f"amqp://{user}:{password}@rabbitmq:5672/attrai" for user, password in broker.items()}
    urls |= {f"{user}_redis_url": f"redis://{user}:{password}@redis:6379/0" for user, password in redis.items()}
    return Credentials(
        secrets=urls
        | {
            "bot_token": bot_token,
            "user_hash_key": _password(),
            "rabbitmq_users": rabbitmq_users(broker),
            "redis_users": redis_users(redis),
            "flower_broker_api": f"http://flower:{broker['flower']}@rabbitmq:15672/api/",
            "flower_password": f"admin:{flower}",
            "grafana_password": grafana,
            "webhook_secret": _password(),
            "graylog_password_secret": _password(),
            "graylog_root_password_sha2": hashlib.sha256(graylog.encode()).hexdigest(),
            "graylog_mongodb_uri": f"mongodb://graylog:{mongodb}@mongodb:27017/graylog?authSource=admin",
            "mongodb_password": mongodb,
        },
        pages={"Graylog": ("admin", graylog), "Flower": ("admin", flower), "Grafana": ("admin", grafana)},
    )


def rabbitmq_users(passwords: dict[str, str]) -> str:
    """RabbitMQ's user definitions with hashes (https://www.rabbitmq.com/docs/passwords#computing-password-hash)."""
    tags = {"flower": ["monitoring"]}
    users = [
        {
            "name": user,
            "password_hash": rabbitmq_hash(password, os.urandom(4)),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": tags.get(user, []),
        }
        for user, password in passwords.items()
    ]
    return json.dumps({"users": users}, indent=1)


def rabbitmq_hash(password: str, salt: bytes) -> str:
    """Base64 of a salt of 4 bytes and SHA-256 of salt and password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def redis_users(passwords: dict[str, str]) -> str:
    """Redis's ACL file: no login as default user, keys and commands for each service, `health` may only ping."""
    lines = [DEFAULT_USER, HEALTH_CHECK_USER]
    for user, password in passwords.items():
        digest = hashlib.sha256(password.encode()).hexdigest()
        lines.append(f"user {user} on #{digest} resetchannels {REDIS_USERS[user]}")
    return "\n".join(lines) + "\n"


def _password() -> str:
    """192 random bits in characters that a URL needs no quoting for."""
    return secrets.token_urlsafe(24)
