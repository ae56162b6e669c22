from attrai_shared import errors
from attrai_shared.errors import AttraiError


def leaves(error: type[AttraiError]) -> list[type[AttraiError]]:
    children = error.__subclasses__()
    return [leaf for child in children for leaf in leaves(child)] if children else [error]


def ours() -> list[type[AttraiError]]:
    return [leaf for leaf in leaves(AttraiError) if leaf.__module__ == errors.__name__]


def test_every_error_has_a_different_code() -> None:
    codes = [leaf.code for leaf in ours()]
    assert len(codes) == len(set(codes))
    assert all(leaf.code != AttraiError.code for leaf in ours())


def test_the_docstring_shows_the_error_tree() -> None:
    assert errors.__doc__ is not None
    for leaf in ours():
        assert any(leaf.__name__ in line and leaf.code in line for line in errors.__doc__.splitlines()), leaf
