"""What commands show of the log: plain lines on standard output."""

import logging

from videoxception.console import print_any_name

_TRAINER = logging.getLogger("training")


class _Console(logging.Handler):
    """Prints to what is standard output at that moment, so that redirected output has these lines too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, marked if it is a warning."""
        print("warning: " * (record.levelno >= logging.WARNING) + self.format(record), flush=True)


def show_log(level: int = logging.INFO) -> None:
    """Print what rooms log at this level or above. Commands call this first; rooms never do."""
    print_any_name()
    _TRAINER.setLevel(level)
    if not any(isinstance(handler, _Console) for handler in _TRAINER.handlers):
        _TRAINER.addHandler(_Console())
