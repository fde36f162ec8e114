"""What a person who trains can get wrong: shown as one line, without a traceback."""


class TrainingError(Exception):
    """A mistake in the command, the data or a run's folder; `str()` of it names the thing and the remedy."""
