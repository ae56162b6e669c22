import socket
import sys
from pathlib import Path

import pytest
from attrai_local.errors import UsageError
from attrai_playground.run import can_open_window, invitation
from attrai_playground.services import Addresses
from attrai_playground.system import playground

LOCAL, TELEGRAM = "http://127.0.0.1:8090", "https://api.telegram.org"


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac always has windows")
@pytest.mark.parametrize(
    ("parent_environment", "expected"),
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"BROWSER": "firefox"}, True),
    ],
)
def test_the_page_is_opened_only_where_a_window_can_open(parent_environment: dict[str, str], expected: bool) -> None:
    assert can_open_window(parent_environment) == expected


@pytest.mark.parametrize(
    ("url", "port", "name", "expected"),
    [
        (LOCAL, 8090, None, "Chat with the bot on http://127.0.0.1:8090 now."),
        (TELEGRAM, None, "ann_bot", "Serving Telegram as @ann_bot: write to it."),
        (TELEGRAM, None, None, "Telegram cannot be reached yet; trying on."),
    ],
)
def test_the_invitation_names_telegram_only_when_it_has_answered(
    url: str, port: int | None, name: str | None, expected: str
) -> None:
    assert invitation(Addresses("", "", Path(), url, "42:secret", port), name) == expected


def test_a_port_in_use_is_a_usage_error_that_says_how_to_choose_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(UsageError, match=rf"Port {port} cannot be used: .*make run PORT=8091, or --port 8091"),
            playground(parent_environment={}, port=port),
        ):
            pytest.fail("it started")
