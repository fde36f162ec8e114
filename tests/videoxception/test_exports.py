import pytest

import videoxception


@pytest.mark.parametrize("name", videoxception.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(videoxception, name) is not None


def test_others_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'videoxception' has no attribute 'Clasifier'"):
        videoxception.Clasifier  # noqa: B018
