import pytest

from training.versions import version_warnings


@pytest.mark.parametrize(
    ("version", "cudnn", "words"),
    [
        ("2.9.1", None, ["4 times slower"]),
        ("2.10.0+cu128", 91002, ["cuDNN 9.10.2"]),
        ("2.9.0", 90800, ["4 times slower", "cuDNN 9.8.0"]),
        ("2.13.0", 91500, []),
        ("2.13.0", None, []),
    ],
)
def test_versions_with_known_faults(version: str, cudnn: int | None, words: list[str]) -> None:
    said = list(version_warnings(version, cudnn))
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
