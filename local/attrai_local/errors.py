"""Errors that end a run, each with a sentence for the terminal.

SupervisionError
├── ChildError     the supervisor gave up on a child: it failed at its start or died repeatedly
├── NotReadyError  a service did not answer in time
├── InUseError     another run holds the state folder
└── UsageError     a path or an option that cannot be used
"""


class SupervisionError(Exception):
    """The base class. The text is a whole sentence."""


class ChildError(SupervisionError):
    """The message names the child, its exit status and its log, and quotes the log's last lines."""


class NotReadyError(SupervisionError):
    pass


class InUseError(SupervisionError):
    pass


class UsageError(SupervisionError):
    pass
