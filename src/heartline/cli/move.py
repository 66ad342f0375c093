"""`heartline move`."""

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from heartline.cli.output import print_table
from heartline.storage.moving import move as move_everything

app = App(
    name="move", help="Move everything from one database to another, empty one: from SQLite to PostgreSQL, or back."
)


@app.default
def move(
    *,
    source: Annotated[str, Parameter(name="--from")],
    target: Annotated[str, Parameter(name="--to")],
) -> None:
    """Stop the server first, and start it on the new database: its clients go on where they were.

    Every row is read back and compared before anything is kept; when something fails, the target is as it was. The
    source stays as it is.

    Parameters
    ----------
    source
        sqlite:PATH or postgresql://USER:PASSWORD@HOST/NAME.
    target
        The same; it must hold no account.
    """
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        def tell(table: str, done: int, total: int) -> None:
            if table not in bars:
                bars[table] = progress.add_task(table.replace("_", " "), total=total)
            progress.update(bars[table], completed=done)

        moved = move_everything(source, target, tell)
    print_table(("table", "rows", "checksum"), [(table, str(rows), checksum) for table, rows, checksum in moved])
