"""Messages as they were stored by each version are read back; a message that no version sends is refused."""

import json
from pathlib import Path

import pytest
from attrai_shared.contracts import (
    AfterEstimate,
    AfterEstimate1,
    Contract,
    Estimated,
    ReplyAddress,
    StoredOutcome,
    ToEstimate,
    read_after_estimate,
    read_stored_outcome,
    read_to_estimate,
)
from attrai_shared.errors import RefusedMessage
from hypothesis import given
from hypothesis import strategies as st

MESSAGES = Path(__file__).parent / "messages"
SEALED = "u" * 72
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def stored(name: str) -> dict[str, object]:
    message = json.loads((MESSAGES / name).read_text())
    assert isinstance(message, dict)
    return message


CONTRACTS: dict[str, type[Contract]] = {
    "to_estimate.v1": ToEstimate,
    "to_estimate.v2": ToEstimate,
    "after_estimate.v1": AfterEstimate1,
    "after_estimate.v2": AfterEstimate,
    "stored_outcome.v2": StoredOutcome,
}
"""By the beginning of a stored message's name."""


def test_to_estimate_version_2_is_read() -> None:
    message = read_to_estimate(stored("to_estimate.v2.json"))
    assert (message.version, message.reply_to, message.deadline) == (2, SEALED, 1795000600.25)


def test_to_estimate_version_1_is_read_with_its_open_address() -> None:
    message = read_to_estimate(stored("to_estimate.v1.json"))
    assert message.reply_to == ReplyAddress(
        chat_id=-1001234567890, photo_message_id=41, waiting_message_id=42, language="ru"
    )


def test_after_estimate_version_2_is_read() -> None:
    done = read_after_estimate(stored("after_estimate.v2.estimated.json"))
    assert (done.reply_to, done.failure, done.seconds) == (SEALED, None, {"decode": 0.01, "detect": 0.2})
    assert read_after_estimate(stored("after_estimate.v2.failed.json")).failure == "no_face"


def test_after_estimate_version_1_becomes_version_2_and_loses_its_scores() -> None:
    done = read_after_estimate(stored("after_estimate.v1.estimated.json"))
    assert (done.version, done.failure, done.seconds) == (2, None, {"decode": 0.01, "detect": 0.2})
    assert "7.25" not in done.model_dump_json()
    assert read_after_estimate(stored("after_estimate.v1.failed.json")).failure == "no_face"


@pytest.mark.parametrize("name", ["after_estimate.v1.estimated.json", "stored_outcome.v2.json"])
def test_a_stored_outcome_of_each_version_is_read_with_its_faces(name: str) -> None:
    outcome = read_stored_outcome((MESSAGES / name).read_bytes()).outcome
    assert isinstance(outcome, Estimated)
    assert [(face.score, face.reasons) for face in outcome.faces] == [(7.25, ()), (4.5, ("blurred", "too_dark"))]


@pytest.mark.parametrize("data", [b"", b"\xff", b'{"version": 2', b'{"version": 3}', b"[]"])
def test_a_stored_outcome_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedMessage):
        read_stored_outcome(data)


@pytest.mark.parametrize("name", [path.name for path in sorted(MESSAGES.glob("*.json"))])
def test_what_is_written_is_what_was_stored(name: str) -> None:
    contract = CONTRACTS[".".join(name.split(".")[:2])]
    assert contract.model_validate(stored(name)).model_dump(mode="json") == stored(name)


@pytest.mark.parametrize("version", [0, 3, "2", None])
def test_another_version_is_refused(version: object) -> None:
    for read, name in (
        (read_to_estimate, "to_estimate.v2.json"),
        (read_after_estimate, "after_estimate.v2.failed.json"),
    ):
        with pytest.raises(RefusedMessage):
            read(stored(name) | {"version": version})


@pytest.mark.parametrize("reply_to", ["", "A" * 71, "A" * 73, "A" * 71 + "=", "A" * 71 + "\n", "\u0410" * 72, 7, None])
def test_what_is_no_sealed_address_is_refused(reply_to: object) -> None:
    with pytest.raises(RefusedMessage) as refused:
        read_to_estimate(stored("to_estimate.v2.json") | {"reply_to": reply_to})
    assert str(reply_to or "nothing") not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
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


@pytest.mark.parametrize("seconds", [{"Passwd": 1}, {"passwd": -1}, {"passwd": "x"}, {"passwd\n" * 9000: 1}])
def test_a_name_that_the_sender_made_up_is_not_repeated(seconds: dict[str, object]) -> None:
    with pytest.raises(RefusedMessage, match="seconds") as refused:
        read_after_estimate(stored("after_estimate.v2.failed.json") | {"seconds": seconds})
    assert "passwd" not in str(refused.value).lower()


def test_a_message_full_of_faults_is_told_in_a_line() -> None:
    with pytest.raises(RefusedMessage) as refused:
        read_to_estimate(stored("to_estimate.v2.json") | {f"field{number}": 1 for number in range(9000)})
    assert len(str(refused.value)) < 300


@given(JSON)
def test_anything_else_is_refused(payload: object) -> None:
    for read in (read_to_estimate, read_after_estimate):
        with pytest.raises(RefusedMessage):
            read(payload)
