"""A script that starts a child: it writes its process id to the watchdog's pipe, then becomes the child's program.

The exec closes the pipe. So the pipe ends for the watchdog when neither the supervisor nor a starting child holds it.
"""

import os
import sys


def main(pipe: int, command: list[str]) -> None:
    """`pipe`: the inherited descriptor of the writing end. `command`: an absolute path and its arguments."""
    os.write(pipe, f"+{os.getpid()}\n".encode())
    os.set_inheritable(pipe, False)
    try:
        os.execv(command[0], command)  # noqa: S606  # the supervisor's own command; no shell
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
