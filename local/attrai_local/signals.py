"""The signals that end a command, all as Ctrl-C does."""

import signal
from types import FrameType


def terminate_like_ctrl_c() -> None:
    """A terminal that closes and a machine that stops raise KeyboardInterrupt too, wherever the command was started."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what it puts in the background with SIGINT ignored
        signal.signal(number, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asked for it
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
