"""Run by its path before a child's own program: tells the watchdog the child's process id, then becomes that program.

The pipe closes with the exec: it ends for the watchdog when neither the supervisor nor a half-started child holds it.
"""

import os
import sys


def main(pipe: int, command: list[str]) -> None:
    """`pipe`: the inherited descriptor of its writing end; `command`: an absolute path and its arguments."""
    os.write(pipe, f"+{os.getpid()}\n".encode())
    os.set_inheritable(pipe, False)
    try:
        os.execv(command[0], command)  # noqa: S606  # the command is the supervisor's own, and no shell is wanted
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
