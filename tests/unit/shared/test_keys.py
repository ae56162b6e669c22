from attrai_shared import keys


def test_a_user_hash_depends_on_user_and_key_and_shows_neither() -> None:
    hashes = {keys.user_hash(user, key) for user in (1, 12) for key in (b"one", b"two")}
    assert len(hashes) == 4
    assert all(len(each) == 32 and set(each) <= set("0123456789abcdef") for each in hashes)


def test_keys_of_different_kinds_never_collide() -> None:
    made = [
        keys.of_user("a"),
        keys.record("a"),
        keys.attempts("a"),
        keys.answered("a"),
        keys.replying("a"),
        keys.message("a"),
        keys.language("a"),
    ]
    assert len({*made, keys.LIVE, keys.BYTES, keys.REPLICAS, keys.TIMINGS}) == len(made) + 4
