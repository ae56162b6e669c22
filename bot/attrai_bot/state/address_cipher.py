"""Encrypts where a reply goes, for one request, and hashes which message a request came from.

Brokers and Redis keep journals on disk. Without the bot's secret, these reveal no chat.
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

NONCE_BYTES = 12
"""Random (NIST SP 800-38D, 8.2.2): good for 2^32 encryptions under one key."""
ADDRESS_STRUCT = struct.Struct(">qqq2s")
"""Chat, photo message, waiting message, language: the same length for every address."""
ADDRESS_KEY_LABEL, MESSAGE_KEY_LABEL = b"attrai reply address, contract 2", b"attrai message mark, contract 2"
"""Labels of the keys derived from the bot's secret (HKDF, RFC 5869)."""


class AddressCipher:
    """Its keys derive from the secret under which user ids are hashed. A new secret decrypts no earlier address."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derived(secret, ADDRESS_KEY_LABEL))
        self._message_key = _derived(secret, MESSAGE_KEY_LABEL)

    def encrypt(self, address: ReplyAddress, request_id: str) -> str:
        """The address as a text that decrypts for this request alone."""
        numbers = (address.chat_id, address.photo_message_id, address.waiting_message_id)
        plain = ADDRESS_STRUCT.pack(*numbers, address.language.encode())
        nonce = os.urandom(NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, request_id.encode())).decode()

    def decrypt(self, address: Address, request_id: str) -> ReplyAddress:
        """The address of a request.

        Contract version 1 sends it in plain. Raises RefusedMessage, whose text holds no value.
        """
        if isinstance(address, ReplyAddress):
            return address
        try:
            encrypted = base64.urlsafe_b64decode(address)
            plain = self._cipher.decrypt(encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:], request_id.encode())
        except (InvalidTag, ValueError):
            raise RefusedMessage("the address was not sealed for this request by our key") from None
        chat, photo, waiting, language = ADDRESS_STRUCT.unpack(plain)
        return ReplyAddress(
            chat_id=chat, photo_message_id=photo, waiting_message_id=waiting, language=language.decode()
        )

    def message_hash(self, user: str, message_id: int) -> str:
        """The keyed hash (HMAC-SHA-256, first 128 bits) that identifies one message of a user."""
        return hmac.new(self._message_key, f"{user}:{message_id}".encode(), hashlib.sha256).hexdigest()[:32]


def _derived(secret: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=label).derive(secret)
