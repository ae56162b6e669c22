"""What ends a supervised run, each with a sentence for the terminal.

SupervisionError
├── ChildError     a child ended for good: it failed while it started, or died again and again
├── NotReadyError  something did not answer in time
├── InUseError     another run holds the state folder
└── UsageError     a path or an option that cannot be used
"""


class SupervisionError(Exception):
    """Base of all; its text is a whole sentence."""


class ChildError(SupervisionError):
    """The message names the child, how it ended, its log, and ends with the log's last lines."""


class NotReadyError(SupervisionError):
    pass


class InUseError(SupervisionError):
    pass


class UsageError(SupervisionError):
    pass
