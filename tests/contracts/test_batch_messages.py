"""A batch's messages and files as they were stored are read back; what could lead out of the data sets' root is refused."""

import json
from pathlib import Path

import pytest
from attrai_shared.batch_contracts import (
    ChunkResult,
    PhotoFailure,
    PhotoResult,
    SourceFiles,
    SpoolFile,
    ToEmbed,
    read_chunk_result,
    read_to_embed,
)
from attrai_shared.errors import RefusedMessage
from hypothesis import given
from hypothesis import strategies as st

MESSAGES = Path(__file__).parent / "batch_messages"


def stored(name: str) -> dict[str, object]:
    message = json.loads((MESSAGES / name).read_text())
    assert isinstance(message, dict)
    return message


def test_to_embed_version_1_is_read_with_files() -> None:
    message = read_to_embed(stored("to_embed.v1.source.json"))
    assert message.photos == SourceFiles(names=("people/anna/1.jpg", "people/Żółw, zdjęcie.jpg"))
    assert (message.chunk, message.what, message.faces) == (17, ("embedding", "quality"), "largest")


def test_to_embed_version_1_is_read_with_members() -> None:
    assert read_to_embed(stored("to_embed.v1.spool.json")).photos == SpoolFile(sizes=(8116, 0, 10247))


def test_a_chunks_result_version_1_is_read() -> None:
    found, missed = read_chunk_result((MESSAGES / "chunk_result.v1.json").read_bytes()).photos
    assert isinstance(found, PhotoResult)
    assert found.faces[0].landmarks[4] == (9.0, 10.0)
    assert missed == PhotoFailure(code="no_face", message="no face was found on the photo")


@pytest.mark.parametrize("name", [path.name for path in sorted(MESSAGES.glob("*.json"))])
def test_what_is_written_is_what_was_stored(name: str) -> None:
    contract = ToEmbed if name.startswith("to_embed") else ChunkResult
    assert contract.model_validate(stored(name)).model_dump(mode="json") == stored(name)


OUTSIDE = [
    "/etc/passwd",
    "../passwd",
    "a/../../passwd",
    "a/./passwd",
    "a//passwd",
    "a/",
    "",
    "passwd\0.jpg",
    "\ud800passwd",
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_could_lead_out_of_the_root_is_refused_and_not_repeated(name: str) -> None:
    with pytest.raises(RefusedMessage) as refused:
        read_to_embed(stored("to_embed.v1.source.json") | {"photos": {"kind": "source", "names": ["a.jpg", name]}})
    assert "passwd" not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"run_id": "../../etc"},
        {"run_id": "0123456789abcdef0123456789abcdef\n"},
        {"chunk": -1},
        {"chunk": 10**9},
        {"what": []},
        {"what": ["picture"]},
        {"faces": "none"},
        {"root": "/"},
        {"photos": {"kind": "source", "names": []}},
        {"photos": {"kind": "source", "names": ["a.jpg"] * 65}},
        {"photos": {"kind": "spool", "sizes": [-1]}},
        {"photos": {"kind": "url", "names": ["a.jpg"]}},
    ],
)
def test_a_forged_message_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(RefusedMessage):
        read_to_embed(stored("to_embed.v1.source.json") | change)


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -2])
def test_a_result_that_was_cut_is_refused(cut: int) -> None:
    whole = (MESSAGES / "chunk_result.v1.json").read_bytes().strip()
    with pytest.raises(RefusedMessage):
        read_chunk_result(whole[:cut])


@given(st.binary() | st.text())
def test_anything_else_is_refused(payload: object) -> None:
    with pytest.raises(RefusedMessage):
        read_to_embed(payload)
