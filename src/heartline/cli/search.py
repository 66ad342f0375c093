"""`heartline search`."""

from cyclopts import App

from heartline.cli.output import Json

app = App(
    name="search",
    help_epilogue="""
    The server cannot read messages, so all are fetched and opened here. Exit
    code 1 when nothing is found.

    Examples:

        heartline search "flight number"

        heartline search birthday --with Bob --limit 5""",
)


@app.default
def search(word: str, /, *, with_: str | None = None, limit: int = 50, json: Json = False) -> None:
    """
    Parameters
    ----------
    word
        What to look for.
    with_
        Only in this conversation: a name, a part of one, or a number.
    limit
        The newest so many; 0 for all.
    """
    import sys

    from rich.console import Console
    from rich.progress import Progress

    from heartline.cli.said import body, print_message
    from heartline.cli.session import find_conversation, run
    from heartline.cli.shown import print_json
    from heartline.client import Client, Message
    from heartline.errors import BadRequest

    wanted = word.casefold()
    if not wanted:
        raise BadRequest("say what to look for")

    async def work(client: Client) -> tuple[list[Message], dict[int, str]]:
        only = None if with_ is None else (await find_conversation(client, with_)).device_id
        titles = {row.device_id: row.title or row.phone_numbers or "" for row in await client.conversations.list()}
        total = None if only is not None else (await client.count()).message_count
        found: list[Message] = []
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Searching", total=total)
            async for message in client.messages.walk(only):
                progress.advance(task)
                if wanted in body(message).casefold():
                    found.append(message)
                    if len(found) == limit:
                        break
        return found[::-1], titles

    found, titles = run(work)
    for message in found:
        if json:
            print_json(message)
        else:
            print_message(message, titles.get(message.device_conversation_id, ""))
    if not found:
        print(f"No message contains {word!r}.", file=sys.stderr)
        sys.exit(1)
