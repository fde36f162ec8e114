"""Printing names of files: on Linux they are bytes, and may be no text in any encoding."""

import codecs
import io
import sys


def print_any_name() -> None:
    """Have standard output and standard error take any name; one that is not UTF-8 is printed as the bytes it is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = codecs.lookup(stream.encoding).name == "utf-8"
            stream.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")
