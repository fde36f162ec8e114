"""Tell what will answer on this machine, what is wrong with the installation, and how to mend it."""

import argparse

from rich.console import Console
from rich.table import Table
from rich.text import Text

from videoxception.checkup import Finding, findings
from videoxception.cli.common import add_model_arguments
from videoxception.cli.exit_codes import OK, SOME_FAILED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `videoxception doctor`."""
    add_model_arguments(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")


def run(options: argparse.Namespace) -> int:
    """Print what was found; return whether something is wrong."""
    table = Table("", "", "", box=None, show_header=False)
    found: list[Finding] = []
    for finding in findings(options.model, options.store, options.device):
        found.append(finding)
        table.add_row(*_row(finding))
    Console().print(table)
    return SOME_FAILED if any(finding.remedy for finding in found) else OK


def _row(finding: Finding) -> tuple[Text, Text, Text]:
    if not finding.remedy:
        return Text("good", "green"), Text(finding.what), Text(finding.said)
    return Text("wrong", "red"), Text(finding.what), Text(f"{finding.said}\n→ {finding.remedy}")
