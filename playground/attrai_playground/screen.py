"""The states of all children on a terminal, kept up to date in place; in a file or a pipe, a line for each change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrai_local import Phase, State
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

Watch = Callable[[list[State]], None]
STYLES = {
    Phase.WAITING: "dim",
    Phase.STARTING: "yellow",
    Phase.READY: "green",
    Phase.HELD: "magenta",
    Phase.FAILED: "bold red",
    Phase.ENDED: "dim",
}


@contextmanager
def screen(console: Console) -> Iterator[Watch]:
    """What shows the states given to it, as long as the block lasts. Other lines printed meanwhile stand above."""
    if not console.is_terminal:
        yield Lines(console).show
        return
    with Live(console=console, refresh_per_second=8) as live:
        yield lambda states: live.update(table(states))


class Lines:
    """One line for each child whose phase or process has changed since the last time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, State] = {}

    def show(self, states: list[State]) -> None:
        for state in states:
            if state != self._shown.get(state.name, waiting(state.name)):
                self._console.print(describe(state), highlight=False, soft_wrap=True)
            self._shown[state.name] = state


def waiting(name: str) -> State:
    """What is so obvious that it is not told: nothing has been started yet."""
    return State(name, Phase.WAITING, None, 0)


def describe(state: State) -> str:
    """A child in a line of plain text."""
    process = "" if state.pid is None else f" (process {state.pid})"
    again = f", started again {state.restarts} x" if state.restarts else ""
    return f"{state.name}: {state.phase}{process}{again}"


def table(states: list[State]) -> Table:
    """All children, with a wheel that turns beside those that are on their way."""
    grid = Table.grid(padding=(0, 2))
    for state in states:
        phase = Text(state.phase, STYLES[state.phase])
        moving = state.phase in (Phase.WAITING, Phase.STARTING)
        process = "" if state.pid is None else f"process {state.pid}"
        again = f"started again {state.restarts} x" if state.restarts else ""
        grid.add_row(Spinner("dots", phase) if moving else Text.assemble("● ", phase), state.name, process, again)
    return grid
