"""Which names of a data set are photos, which are skipped without a word, and which are unsafe. Pure."""

import re
from posixpath import splitext

READABLE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".heic", ".heif", ".hif", ".gif"}
)
"""Suffixes of the formats that the estimator reads."""
UNSUPPORTED_SUFFIXES = frozenset({".avif", ".bmp", ".jp2", ".jxl", ".tif", ".tiff", ".dng", ".cr2", ".nef", ".arw"})
"""Photos in formats that it does not read: each gets a row that says so, where silence would lose it."""
PHOTO_SUFFIXES = READABLE_SUFFIXES | UNSUPPORTED_SUFFIXES
DRIVE = re.compile(r"[A-Za-z]:/")
MAX_NAME_LENGTH = 4096
"""Characters of a name, as the contract of a chunk allows."""


def is_photo(name: str) -> bool:
    """By the suffix alone, in any case of letters: no other file is submitted, or stands in the table."""
    return splitext(name)[1].lower() in PHOTO_SUFFIXES  # pathlib would intern every name


def is_hidden(name: str) -> bool:
    """A name that begins with a dot, or below such a folder, or what macOS adds to archives."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def normalized(name: str) -> str:
    """A member's name in its shortest form: archives write `./a//b.jpg` for `a/b.jpg`. What is unsafe stays as it is."""
    root = "/" if name.startswith("/") else ""
    return root + "/".join(part for part in name.split("/") if part not in ("", "."))


def unsafe_reason(name: str) -> str | None:
    """Why a name must not be used, as the end of a sentence; None when it can only lead downwards."""
    slashed = name.replace("\\", "/")
    parts = slashed.split("/")
    if slashed.startswith("/") or DRIVE.match(slashed):
        return "an absolute name"
    if ".." in parts:
        return "a name with .. in it"
    if "\0" in name or not _is_text(name):
        return "a name that is no text"
    return f"a name of over {MAX_NAME_LENGTH} characters" if len(name) > MAX_NAME_LENGTH else None


def escaped_name(name: str) -> str:
    """A name that UTF-8 can hold, with what it cannot hold escaped, and no longer than the contract allows."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:MAX_NAME_LENGTH]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
