"""Why a command cannot begin or go on. Each error's text is a sentence for the terminal.

BatchError
├── RunRefused       the run may not begin or resume like this (exit status 2)
├── SourceError      the source as a whole cannot be read (exit status 2)
│   └── NotAnArchive a file is neither a tar nor a zip
├── ChunkLost        a chunk was lost too often: the estimators or their spool are broken (exit status 1)
├── InvalidTable     a file is not a table of this program
└── VectorNotFound   a file does not hold one vector
"""


class BatchError(Exception):
    """The root of the tree."""


class RunRefused(BatchError):
    pass


class SourceError(BatchError):
    pass


class NotAnArchive(SourceError):
    """`what` says what the file is, as the end of a sentence."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name} is {what}")
        self.what = what


class ChunkLost(BatchError):
    pass


class InvalidTable(BatchError):
    pass


class VectorNotFound(BatchError):
    pass
