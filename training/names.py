"""Names of files as bytes and from bytes: on Linux they are bytes, and may be no text in any encoding.

Python holds a byte that is not UTF-8 as a lone surrogate, which JSON keeps as an escape. What else hashes, reads or
shows a name goes through here.
"""

ESCAPED = "surrogateescape"
"""The way to read and write text that names files: what is not UTF-8 comes back as the bytes it was."""


def to_bytes(name: str) -> bytes:
    """Return the bytes of a name, or of a text that has names in it."""
    return name.encode(errors=ESCAPED)


def as_text(name: str) -> str:
    """Return a name as it is shown, on a model's card or in a plot: bytes that are not UTF-8 as "\\xff"."""
    return to_bytes(name).decode(errors="backslashreplace")


def is_text(name: str) -> bool:
    """Return whether a name is UTF-8."""
    return name == as_text(name)
