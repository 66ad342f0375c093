"""`heartline export`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

app = App(
    name="export",
    help_epilogue="""
    It is encrypted as the server has it, and can only be imported into the same
    account; with --decrypt it can be read by whoever has the file.

    Examples:

        heartline export backup.jsonl

        heartline export texts.jsonl --decrypt

        heartline export sms.xml --decrypt""",
)


@app.default
def export(
    file: Annotated[Path, Parameter(help="The file; it must not exist yet.")],
    /,
    *,
    decrypt: Annotated[bool, Parameter(negative=(), help="Write plaintext.")] = False,
    format: Annotated[
        Literal["jsonl", "xml"] | None,
        Parameter(help="jsonl: Heartline's own. xml: that of SMS Backup & Restore, texts only. Else as the name ends."),
    ] = None,
    own_number: Annotated[str, Parameter(help="Your number, for the addresses of picture messages in XML.")] = "",
) -> None:
    import os

    from rich.console import Console
    from rich.progress import BarColumn as Bar
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from heartline.archive.export import Written, export_rows, export_xml
    from heartline.cli.session import run
    from heartline.client import Client
    from heartline.errors import BadRequest

    kind = format or ("xml" if file.suffix.lower() == ".xml" else "jsonl")
    if kind == "xml" and not decrypt:
        raise BadRequest("XML holds plaintext: say --decrypt as well")
    if file.exists():
        raise FileExistsError(f"{file} exists already")
    unfinished = file.with_name(f"{file.name}.unfinished")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), Bar(), MofNCompleteColumn(), TimeElapsedColumn())
    # Only its owner may read it.
    with (
        open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as opened,
        Progress(*columns, console=Console(stderr=True)) as progress,
    ):
        task = progress.add_task(f"Exporting to {file.name}", total=None)

        async def work(client: Client) -> Written:
            progress.update(task, total=(await client.count()).message_count)

            def advance(messages: int) -> None:
                progress.advance(task, messages)

            if kind == "xml":
                return await export_xml(client, opened, own_number=own_number, on_progress=advance)
            return await export_rows(client, opened, decrypt=decrypt, on_progress=advance)

        written = run(work)
    unfinished.rename(file)
    counts = {
        "messages": written.messages,
        "pictures and other files": written.files,
        "other rows": written.rows,
        "files that the account does not have": written.files_missing,
        "values that could not be opened, written as stored": written.unreadable,
        "notes and cards left out, which XML cannot hold": written.left_out,
    }
    for what, count in counts.items():
        if count or what == "messages":
            print(f"{count:>9,}  {what}")
