"""The services' states: on a terminal a table that is updated in place, elsewhere one line for each change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrai_local import Phase, State
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

ShowStates = Callable[[list[State]], None]
STYLES = {
    Phase.WAITING: "dim",
    Phase.STARTING: "yellow",
    Phase.READY: "green",
    Phase.HELD: "magenta",
    Phase.FAILED: "bold red",
    Phase.ENDED: "dim",
}
REFRESHES_PER_SECOND = 8


@contextmanager
def status_display(console: Console) -> Iterator[ShowStates]:
    """A function that shows the states given to it. Other lines printed inside the block appear above them."""
    if not console.is_terminal:
        yield LineDisplay(console).show
        return
    with Live(console=console, refresh_per_second=REFRESHES_PER_SECOND) as live:
        yield lambda states: live.update(state_table(states))


class LineDisplay:
    """Prints one line for each service whose phase or process has changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, State] = {}

    def show(self, states: list[State]) -> None:
        for state in states:
            if state != self._shown.get(state.name, State(state.name, Phase.WAITING, None, 0)):
                self._console.print(describe(state), highlight=False, soft_wrap=True)
            self._shown[state.name] = state


def describe(state: State) -> str:
    """One line of plain text."""
    process = "" if state.pid is None else f" (process {state.pid})"
    restarts = f", started again {state.restarts} x" if state.restarts else ""
    return f"{state.name}: {state.phase}{process}{restarts}"


def state_table(states: list[State]) -> Table:
    """One row for each service, with a spinner beside those that are not ready yet."""
    grid = Table.grid(padding=(0, 2))
    for state in states:
        phase = Text(state.phase, STYLES[state.phase])
        pending = state.phase in (Phase.WAITING, Phase.STARTING)
        process = "" if state.pid is None else f"process {state.pid}"
        restarts = f"started again {state.restarts} x" if state.restarts else ""
        grid.add_row(Spinner("dots", phase) if pending else Text.assemble("● ", phase), state.name, process, restarts)
    return grid
