import io

from attrai_local import Phase, State
from attrai_playground.status_display import status_display
from rich.console import Console

STARTING = State("intake", Phase.STARTING, 10, 0)
READY = State("intake", Phase.READY, 10, 0)
AGAIN = State("intake", Phase.STARTING, 11, 1)
WAITING = State("estimator", Phase.WAITING, None, 0)


def test_a_pipe_gets_a_line_for_each_change() -> None:
    output = io.StringIO()
    with status_display(Console(file=output)) as show:
        for states in ([STARTING, WAITING], [READY, WAITING], [READY, WAITING], [AGAIN, WAITING]):
            show(states)
    assert output.getvalue().splitlines() == [
        "intake: starting (process 10)",
        "intake: ready (process 10)",
        "intake: starting (process 11), started again 1 x",
    ]


def test_a_terminal_shows_every_child() -> None:
    output = io.StringIO()
    with status_display(Console(file=output, force_terminal=True, width=80)) as show:
        show([AGAIN, WAITING])
    assert "intake" in output.getvalue()
    assert "started again 1 x" in output.getvalue()
    assert "estimator" in output.getvalue()
