"""What commands print: tables for people, tab-separated lines for programs."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

Json = Annotated[bool, Parameter(negative="", help="One JSON object a line.")]
"""The flag `--json`."""


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, cut: str = "") -> None:
    """A table on a terminal; without one, lines of values between tabs, without a head. `cut` names the column that is
    shortened where the terminal is too narrow."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    table = Table(*head, box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    if cut:
        table.expand = True
        for column in table.columns:
            column.no_wrap, column.overflow = True, "ellipsis"
            column.ratio = 1 if column.header == cut else None  # it gets what the others leave
    for row in rows:
        table.add_row(*map(Text, row))  # as typed: names may look like markup
    Console(highlight=False).print(table)
