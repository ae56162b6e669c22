"""What the first bytes of a file say, also of one that is made to take long."""

import pytest
from attrai_batch.sources.file_kinds import START_BYTES, is_web_page

COMMENT = b"<!-- a -->"


@pytest.mark.parametrize(
    "before", [b"", b"\xef\xbb\xbf", b'<?xml version="1.0"?>\n', COMMENT, COMMENT + b"\n" + COMMENT]
)
def test_a_web_page_is_known_behind_what_may_precede_it(before: bytes) -> None:
    assert is_web_page(before + b"<!DOCTYPE html><html>")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", [b"<!---->", b"<!-- -->\n", b"<?xml>", b" "])
def test_a_file_of_what_may_precede_a_web_page_is_decided_at_once(part: bytes) -> None:
    assert not is_web_page((part * START_BYTES)[:START_BYTES])
