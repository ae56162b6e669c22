import sys

import pytest
from attrai_playground.run import has_windows


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac always has windows")
@pytest.mark.parametrize(
    ("surroundings", "expected"),
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"BROWSER": "firefox"}, True),
    ],
)
def test_a_page_is_opened_only_where_it_gets_a_window(surroundings: dict[str, str], expected: bool) -> None:
    assert has_windows(surroundings) == expected
