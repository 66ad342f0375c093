"""`heartline import`."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.types import ExistingFile

app = App(
    name="import",
    help_epilogue="""
    What the account has already is left alone. An import that was interrupted
    goes on when it is started again.

    Examples:

        heartline import sms-20260101000000.xml

        heartline import heartline.jsonl""",
)


@app.default
def import_(file: Annotated[ExistingFile, Parameter(help="The file.")], /) -> None:
    import sys

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from heartline.archive.importing import Imported, import_file
    from heartline.archive.restore import NotAnExport
    from heartline.archive.sms_backup import NotABackup
    from heartline.cli.session import run
    from heartline.client import Client
    from heartline.errors import BadRequest

    columns = (
        TextColumn("{task.description}"),
        *(BarColumn(), TaskProgressColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()),
    )
    path: Path = file
    with path.open("rb") as opened, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"Importing {path.name}", total=path.stat().st_size)

        async def work(client: Client) -> object:
            return await import_file(client, opened, lambda: progress.update(task, completed=opened.tell()))

        try:
            done = run(work)
        except (NotABackup, NotAnExport) as error:
            raise BadRequest(f"{path}: {error}") from None
        progress.update(task, completed=path.stat().st_size)

    lines, problem = summary_of(done)
    for line in lines:
        print(line)
    if problem:
        stopped = f"{path} could not be read to its end ({problem}); what stands before was imported"
        raise BadRequest(stopped)
    if isinstance(done, Imported) and done.unreadable:
        for sentence in done.unreadable[:NAMED]:
            print(f"left out: {sentence}", file=sys.stderr)


NAMED = 10
"""Entries that are named of those which make no sense."""


def summary_of(done: object) -> tuple[list[str], str | None]:
    """What to say about an import, and why the file was not read to its end."""
    from heartline.archive.importing import Imported
    from heartline.archive.restore import Restored

    if isinstance(done, Restored):
        counts = {
            "messages added": done.messages,
            "messages that were there already": done.known,
            "pictures and other files": done.files,
            "other rows added": done.rows,
            "files too large or damaged": done.files_missing,
            "lines left out, as they make no sense": done.unreadable,
        }
        return _lines(counts), None
    assert isinstance(done, Imported)
    summary = done.summary
    counts = {
        "messages added": summary.messages,
        "messages that were there already": summary.known,
        "pictures and other files": summary.files,
        "drafts": summary.drafts,
        "new conversations": summary.conversations,
        "new contacts": summary.contacts,
        "calls passed over": done.calls,
        "broken characters repaired": done.mended,
        "files that are damaged, too large, or of drafts": summary.files_missing,
        "messages left out, as they make no sense": len(done.unreadable) + summary.refused,
    }
    return _lines(counts), done.problem


def _lines(counts: dict[str, int]) -> list[str]:
    """The first two always, the others when there is something to say."""
    return [f"{count:>9,}  {what}" for place, (what, count) in enumerate(counts.items()) if count or place < 2]
