"""What a GPU does with VideoXception: `python -m benchmarks.gpu`, one command, in under eight minutes.

Every section is a process of its own with a limit to its time, so that one that fails, hangs or spoils the card's
state costs its own rows and nothing else.
"""
