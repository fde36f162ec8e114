"""Names of files as bytes and from bytes: on Linux they are bytes, and may be no text in any encoding.

Python holds a byte that is not UTF-8 as a lone surrogate. JSON keeps it as an escape; all else goes through here.
"""

ESCAPED = "surrogateescape"
"""The way to read and write text that names files: what is not UTF-8 comes back as the bytes it was."""


def to_bytes(name: str) -> bytes:
    """Return the bytes of a name, or of a text that has names in it."""
    return name.encode(errors=ESCAPED)


def is_text(name: str) -> bool:
    """Return whether a name is UTF-8."""
    return name == to_bytes(name).decode(errors="replace")
