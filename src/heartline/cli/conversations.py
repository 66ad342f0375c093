"""`heartline conversations`."""

import sys
from typing import Literal

from cyclopts import App

from heartline.cli.output import Json

app = App(
    name="conversations",
    help_epilogue="""
    Examples:

        heartline conversations --only unread

        heartline conversations --json | jq .title""",
)


@app.default
def conversations(
    *, only: Literal["inbox", "unread", "archived", "private"] = "inbox", limit: int = 50, json: Json = False
) -> None:
    """
    Parameters
    ----------
    only
        Which of them.
    limit
        How many at most; 0 for all.
    """
    from heartline.cli.session import run
    from heartline.cli.shown import print_json, print_rows, snippet, when
    from heartline.client import Client, Conversation

    async def work(client: Client) -> list[Conversation]:
        found: list[Conversation] = await getattr(client.conversations, only)()
        return found[:limit] if limit > 0 else found

    rows = run(work)
    if json:
        for row in rows:
            print_json(row)
        return
    terminal = sys.stdout.isatty()

    def mark(row: Conversation) -> str:
        marks = (
            ("●" if terminal else "unread") if not row.read else "",
            ("▲" if terminal else "pinned") if row.pinned else "",
        )
        return (" " if terminal else ",").join(filter(None, marks))

    print_rows(
        ("", "when", "with", "number", "last"),
        (
            (
                mark(row),
                when(row.timestamp),
                row.title or row.phone_numbers or "",
                row.phone_numbers or "",
                snippet(row.snippet),
            )
            for row in rows
        ),
        cut="last",
    )
