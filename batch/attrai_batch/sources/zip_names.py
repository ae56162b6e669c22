"""Decodes the name of a zip's member, and finds the parts of a member's extra field. Pure.

Source: PKWARE's APPNOTE 6.3: UTF-8 flag (appendix D), extra field (4.5.1), Unicode path (4.6.9).
"""

import codecs
import struct
import zlib

from attrai_batch.errors import SourceError

DEFAULT_ENCODING = "cp437"
"""Of names that are not UTF-8, as APPNOTE says."""
UTF8_FLAG = 0x800
UNICODE_PATH_FIELD = 0x7075
UNICODE_PATH = struct.Struct("<BL")
"""Version of the field, and CRC of the name that it replaces; the name in UTF-8 follows."""
FIELD_HEAD = struct.Struct("<HH")
"""Kind of a field, and size of its content."""


def member_name(raw: bytes, flags: int, extra: bytes, encoding: str) -> str:
    """The name as text, with slashes. Bytes that no rule can decode become surrogates, which `unsafe_reason` refuses.

    The Unicode path field decides if its checksum fits, then UTF-8 if the bytes are UTF-8, then `encoding`.
    """
    return (_unicode_path(raw, extra) or _decoded(raw, flags, encoding)).replace("\\", "/")


def extra_field(extra: bytes, wanted: int) -> bytes:
    """The content of the first field of this kind; empty if there is none."""
    while len(extra) >= FIELD_HEAD.size:
        kind, size = FIELD_HEAD.unpack_from(extra)
        if kind == wanted:
            return extra[FIELD_HEAD.size : FIELD_HEAD.size + size]
        extra = extra[FIELD_HEAD.size + size :]
    return b""


def checked_encoding(encoding: str) -> str:
    """The encoding, if names of a zip can have it. Raises SourceError."""
    try:
        is_usable = b"a/1.jpg".decode(encoding) == "a/1.jpg"
    except (LookupError, ValueError):
        is_usable = False
    if not is_usable:
        raise SourceError(f"{encoding!r} is no encoding of names in a zip: cp932, gb18030 and cp866 are some")
    return codecs.lookup(encoding).name


def _unicode_path(raw: bytes, extra: bytes) -> str | None:
    field = extra_field(extra, UNICODE_PATH_FIELD)
    if len(field) <= UNICODE_PATH.size or UNICODE_PATH.unpack_from(field) != (1, zlib.crc32(raw)):
        return None
    try:
        return field[UNICODE_PATH.size :].decode()
    except UnicodeDecodeError:
        return None


def _decoded(raw: bytes, flags: int, encoding: str) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        if flags & UTF8_FLAG:
            return raw.decode("utf-8", "surrogateescape")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return raw.decode("ascii", "surrogateescape")
