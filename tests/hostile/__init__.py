"""Fifty files and more that nobody should send, each with the answer that fits."""

from tests.hostile.hostile_file import HostileFile
from tests.hostile.sets import hostile_files

__all__ = ["HostileFile", "hostile_files"]
