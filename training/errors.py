"""The error that is shown as one line, without a traceback."""


class TrainingError(Exception):
    """A mistake in the command, the data or a run's folder; `str()` of it says what is wrong and the remedy."""
