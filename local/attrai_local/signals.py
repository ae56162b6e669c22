"""The signals that end a command."""

import signal
from types import FrameType


def terminate_like_ctrl_c() -> None:
    """SIGTERM, and SIGHUP of a closing terminal, raise KeyboardInterrupt as Ctrl-C does."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background commands with SIGINT ignored
        signal.signal(number, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup it stays ignored
        signal.signal(signal.SIGHUP, _interrupt)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
