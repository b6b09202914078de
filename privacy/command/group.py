"""`plumbline privacy`: the commands about privacy."""

from __future__ import annotations

import click

from privacy.command.account import account
from privacy.command.anonymity import anonymity


@click.group(short_help="Account for differential privacy, and test how anonymous data are.", no_args_is_help=True)
def privacy() -> None:
    """Say what training costs in privacy, and how well a dataset hides the people in it."""


privacy.add_command(account)
privacy.add_command(anonymity)
