"""Download a data set and print how to train on it. A stopped download goes on when the command is given again.

python -m training.fetch ucf101
python -m training.fetch kinetics400 --parts val
python -m training.fetch msr-daily
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from training.config.console import show_log
from training.errors import TrainingError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command `python -m training.fetch`."""
    show_log()
    try:
        from training.fetch import kinetics400, msr_daily, ucf101
    except ImportError as error:  # a machine for training alone
        sys.exit(f"error: this needs {error.name}: pip install 'videoxception[train]'")
    parser = argparse.ArgumentParser(
        prog="python -m training.fetch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = parser.add_subparsers(metavar="NAME", required=True)
    for name, module in (("ucf101", ucf101), ("kinetics400", kinetics400), ("msr-daily", msr_daily)):
        command = names.add_parser(
            name, help=module.HELP, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        default = Path("data", name)
        command.add_argument("--to", type=Path, default=default, metavar="DIR", help=f"(default: {default})")
        command.add_argument(
            "--keep-archives", action="store_true", help="leave archives where they are after they were unpacked"
        )
        module.add_options(command)
        command.set_defaults(fetch=module.fetch)
    options = parser.parse_args(arguments)
    try:
        options.fetch(options)
    except (TrainingError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("\nstopped; the same command goes on from here")


if __name__ == "__main__":
    main()
