"""Messages as they were stored by each version are read back; what no version of ours would send is refused."""

import json
from pathlib import Path

import pytest
from attrai_shared.contracts import AfterEstimate, Estimated, Failed, ToEstimate, read_after_estimate, read_to_estimate
from attrai_shared.errors import RefusedMessage
from hypothesis import given
from hypothesis import strategies as st

MESSAGES = Path(__file__).parent / "messages"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def stored(name: str) -> dict[str, object]:
    message = json.loads((MESSAGES / name).read_text())
    assert isinstance(message, dict)
    return message


def test_to_estimate_version_1_is_read() -> None:
    message = read_to_estimate(stored("to_estimate.v1.json"))
    assert (message.reply_to.chat_id, message.reply_to.language, message.deadline) == (
        -1001234567890,
        "ru",
        1795000600.25,
    )


def test_after_estimate_version_1_is_read_with_faces() -> None:
    outcome = read_after_estimate(stored("after_estimate.v1.estimated.json")).outcome
    assert isinstance(outcome, Estimated)
    assert [(face.score, face.reasons) for face in outcome.faces] == [(7.25, ()), (4.5, ("blurred", "too_dark"))]


def test_after_estimate_version_1_is_read_with_a_failure() -> None:
    assert read_after_estimate(stored("after_estimate.v1.failed.json")).outcome == Failed(code="no_face")


@pytest.mark.parametrize("name", [path.name for path in sorted(MESSAGES.glob("*.json"))])
def test_what_is_written_is_what_was_stored(name: str) -> None:
    contract = ToEstimate if name.startswith("to_estimate") else AfterEstimate
    assert contract.model_validate(stored(name)).model_dump(mode="json") == stored(name)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"request_id": "../../etc/passwd"},
        {"request_id": "0123456789ABCDEF0123456789ABCDEF"},
        {"request_id": "0123456789abcdef0123456789abcdef\n"},
        {"user": 42},
        {"deadline": float("nan")},
        {"deadline": -1},
        {"path": "/etc/passwd"},
        {"passwd": 1},
        {"reply_to": {"passwd": 1}},
        {"reply_to": {"chat_id": 7}},
    ],
)
def test_a_forged_message_is_refused_without_its_values(change: dict[str, object]) -> None:
    with pytest.raises(RefusedMessage) as refused:
        read_to_estimate(stored("to_estimate.v1.json") | change)
    assert "passwd" not in str(refused.value)
    assert "1234567890" not in str(refused.value)


@given(JSON)
def test_anything_else_is_refused(payload: object) -> None:
    for read in (read_to_estimate, read_after_estimate):
        with pytest.raises(RefusedMessage):
            read(payload)
