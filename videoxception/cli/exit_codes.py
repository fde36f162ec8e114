"""How commands end. docs/reference/command-line.md has the same list."""

OK = 0
SOME_FAILED = 1
"""There is an answer for some of what was asked, and an error for each of the rest."""
USAGE = 2
"""The command line is wrong; argparse ends with it, too."""
IMPOSSIBLE = 3
"""Nothing can be answered: no model, no engine, no service at the address, or an extra is missing."""
UNDECIDED = 4
"""`canary` cannot tell yet: more pairs or more labels are needed."""
INTERRUPTED = 130
"""By Ctrl-C, as shells count it."""
