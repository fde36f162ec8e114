"""The error of a bulk run. Nothing here needs an extra."""


class BulkError(Exception):
    """A run that cannot begin or go on; the message says why, and what to do."""
