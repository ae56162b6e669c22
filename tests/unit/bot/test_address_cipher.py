"""Addresses leave the bot encrypted for one request, messages as keyed hashes."""

import pytest
from attrai_bot.state.address_cipher import AddressCipher
from attrai_shared.contracts import ReplyAddress, ToEstimate
from attrai_shared.errors import RefusedMessage
from hypothesis import given
from hypothesis import strategies as st

SECRET = b"a key of tests"
ONE, OTHER = "a" * 32, "b" * 32
CIPHER = AddressCipher(SECRET)
ADDRESS = ReplyAddress(chat_id=7_700_112_233, photo_message_id=41, waiting_message_id=42, language="ru")
numbers = st.integers(-(2**63), 2**63 - 1)
addresses = st.builds(
    ReplyAddress,
    chat_id=numbers,
    photo_message_id=numbers,
    waiting_message_id=numbers,
    language=st.sampled_from(["en", "ru"]),
)


@given(addresses)
def test_encrypted_address_decrypts_for_its_request_and_fits_a_message(address: ReplyAddress) -> None:
    sealed = CIPHER.encrypt(address, ONE)
    assert CIPHER.decrypt(sealed, ONE) == address
    message = ToEstimate(request_id=ONE, user=OTHER, reply_to=sealed, accepted_at=1, deadline=2)
    assert message.reply_to == sealed


def test_another_process_with_the_same_secret_decrypts_it() -> None:
    assert AddressCipher(SECRET).decrypt(CIPHER.encrypt(ADDRESS, ONE), ONE) == ADDRESS


def test_two_encryptions_of_an_address_differ() -> None:
    assert CIPHER.encrypt(ADDRESS, ONE) != CIPHER.encrypt(ADDRESS, ONE)


def test_an_address_of_version_1_is_plain() -> None:
    assert CIPHER.decrypt(ADDRESS, ONE) == ADDRESS


def test_it_decrypts_for_no_other_request() -> None:
    with pytest.raises(RefusedMessage):
        CIPHER.decrypt(CIPHER.encrypt(ADDRESS, ONE), OTHER)


def test_it_decrypts_under_no_other_secret() -> None:
    with pytest.raises(RefusedMessage):
        AddressCipher(b"another secret").decrypt(CIPHER.encrypt(ADDRESS, ONE), ONE)


@given(st.integers(0, 71), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_a_changed_character_makes_it_undecryptable(place: int, letter: str) -> None:
    sealed = CIPHER.encrypt(ADDRESS, ONE)
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(RefusedMessage):
            CIPHER.decrypt(changed, ONE)


@given(st.text())
def test_made_up_addresses_are_refused_and_not_quoted(forged: str) -> None:
    with pytest.raises(RefusedMessage) as refused:
        CIPHER.decrypt(forged, ONE)
    assert str(refused.value) == "the address was not sealed for this request by our key"


def test_message_hashes_are_stable_and_distinct() -> None:
    marks = {
        cipher.message_hash(user, message)
        for cipher in (CIPHER, AddressCipher(b"another secret"))
        for user in (ONE, OTHER)
        for message in (1, 2)
    }
    assert len(marks) == 8
    assert CIPHER.message_hash(ONE, 1) in marks
    assert all(len(mark) == 32 and set(mark) <= set("0123456789abcdef") for mark in marks)
