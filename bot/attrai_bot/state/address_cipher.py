"""What Telegram's numbers become before they leave the bot: addresses sealed for one request, messages known by a keyed hash.

Brokers and Redis keep journals on disk; without the bot's secret these show nobody's chat.
"""

import base64
import hashlib
import hmac
import os
import struct

from attrai_shared.contracts import Address, ReplyAddress
from attrai_shared.errors import RefusedMessage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
"""Bytes, random (NIST SP 800-38D, 8.2.2): good for 2^32 seals under one key."""
FORM = struct.Struct(">qqq2s")
"""Chat, photo's message, waiting message, language: of one length for every address."""
ADDRESSES, MESSAGES = b"attrai reply address, contract 2", b"attrai message mark, contract 2"
"""Labels of the keys derived from the bot's secret (HKDF, RFC 5869)."""


class AddressCipher:
    """Made from the secret under which user ids are hashed. A new secret opens nothing of the one before."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, ADDRESSES))
        self._marks = _derived(secret, MESSAGES)

    def encrypt(self, address: ReplyAddress, request_id: str) -> str:
        """The address as a text that opens for this request alone."""
        numbers = (address.chat_id, address.photo_message_id, address.waiting_message_id)
        plain = FORM.pack(*numbers, address.language.encode())
        nonce = os.urandom(NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, request_id.encode())).decode()

    def decrypt(self, address: Address, request_id: str) -> ReplyAddress:
        """The address of a request; one of contract version 1 was never sealed. Raises RefusedMessage, without a value."""
        if isinstance(address, ReplyAddress):
            return address
        try:
            sealed = base64.urlsafe_b64decode(address)
            plain = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], request_id.encode())
        except (InvalidTag, ValueError):
            raise RefusedMessage("the address was not sealed for this request by our key") from None
        chat, photo, waiting, language = FORM.unpack(plain)
        return ReplyAddress(
            chat_id=chat, photo_message_id=photo, waiting_message_id=waiting, language=language.decode()
        )

    def message_hash(self, user: str, message_id: int) -> str:
        """The keyed hash (HMAC-SHA-256, cut to 128 bits) that stands for one message of a user."""
        return hmac.new(self._marks, f"{user}:{message_id}".encode(), hashlib.sha256).hexdigest()[:32]


def _derived(secret: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=label).derive(secret)
