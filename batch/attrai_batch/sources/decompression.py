"""Decompresses gzip, bzip2 or xz as a stream, with bounds on the unpacked size."""

import bz2
import gzip
import lzma
import zlib
from typing import IO, Protocol

from attrai_batch.sources.file_kinds import BZIP2, GZIP, XZ
from attrai_batch.sources.member_filter import ArchiveEnds
from attrai_batch.sources.rules import SourceLimits

READ_BYTES = 1 << 16
"""Bytes of a compressed file that are read at a time."""
DECOMPRESSION_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What the libraries raise for a damaged file."""


class Readable(Protocol):
    """A stream that is read forwards."""

    def read(self, size: int, /) -> bytes: ...


class DecompressedStream:
    """The unpacked content of `file`. Raises ArchiveEnds if it is damaged, a bomb, or read over the allowance."""

    def __init__(self, file: IO[bytes], limits: SourceLimits) -> None:
        self._file = file
        self._limits = limits
        self._stream = _stream(file, limits)
        self._position = 0
        self._end = 0

    def allow(self, size: int) -> None:
        """Allow `size` bytes to be read from here. A header cannot make its reader load the whole archive."""
        self._end = self._position + size

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        if self._position > self._end:
            raise ArchiveEnds("damaged_archive", "the archive is damaged: a member's header does not end")
        try:
            data = self._stream.read(size)
        except DECOMPRESSION_ERRORS as error:
            raise ArchiveEnds("damaged_archive", f"the archive is damaged or ends early: {error}") from error
        self._position += len(data)
        if self._limits.is_bomb(self._position, self._file.tell()):
            raise ArchiveEnds("compression_bomb", f"the archive unpacks to over {self._limits.ratio} times its size")
        return data


class _XzStream:
    """One or several xz streams, with a memory limit, which `lzma.open` does not offer."""

    def __init__(self, file: IO[bytes], memory: int) -> None:
        self._file = file
        self._memory = memory
        self._decompressor = self._new_decompressor()

    def read(self, size: int) -> bytes:
        while True:
            held = not (self._decompressor.eof or self._decompressor.needs_input)
            if held and (data := self._decompressor.decompress(b"", size)):
                return data
            piece = self._piece()
            if not piece and self._decompressor.eof:
                return b""
            if not piece:
                raise EOFError("the compressed data end early")
            if data := self._decompressor.decompress(piece, size):
                return data

    def _piece(self) -> bytes:
        """The next bytes to unpack. After the end of a stream it skips the padding and makes a new decompressor."""
        if not self._decompressor.eof:
            return self._file.read(READ_BYTES)
        piece = self._decompressor.unused_data.lstrip(b"\0")
        while not piece and (more := self._file.read(READ_BYTES)):
            piece = more.lstrip(b"\0")
        if piece:
            self._decompressor = self._new_decompressor()
        return piece

    def _new_decompressor(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=self._memory)


def _stream(file: IO[bytes], limits: SourceLimits) -> Readable:
    start = file.read(len(XZ))
    file.seek(0)
    if start.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(BZIP2):
        return bz2.BZ2File(file)
    return _XzStream(file, limits.xz_memory) if start.startswith(XZ) else file
