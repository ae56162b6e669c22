"""A file as a person would send it, and what the estimator should say of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HostileFile:
    """`code` is the error's, or None where faces are found; then `faces` is how many."""

    name: str
    data: bytes
    code: str | None = None
    faces: int = 0
