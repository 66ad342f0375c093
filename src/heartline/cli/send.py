"""`heartline send`."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.types import ExistingFile

app = App(
    name="send",
    help_epilogue="""
    Examples:

        heartline send "+1 555 000 2222" "On my way"

        heartline send Bob "My cat" --picture cat.jpg

        date | heartline send Bob""",
)


@app.default
def send(
    who: str,
    text: str = "",
    /,
    *,
    picture: Annotated[ExistingFile | None, Parameter(help="A file to send; with a text, before it.")] = None,
) -> None:
    """
    Parameters
    ----------
    who
        A number, several with commas between, or the name of a conversation.
    text
        What to send; without it and a picture, what comes from a pipe.
    """
    import sys

    from rich.console import Console

    from heartline.cli.session import find_conversation, run
    from heartline.cli.shown import one_line
    from heartline.client import Client
    from heartline.client.numbers import is_number, split_numbers
    from heartline.errors import BadRequest

    said = text
    if not text and picture is None and not sys.stdin.isatty():
        said = sys.stdin.read().rstrip("\n")
    if not said and picture is None:
        raise BadRequest("there is nothing to send: say a text, or --picture FILE")
    numbers = split_numbers(who)
    file: Path | None = picture

    async def work(client: Client) -> str:
        if numbers and all(map(is_number, numbers)):
            sent = await client.send(numbers, said, picture=file)
            return ", ".join(numbers) if sent else f"{', '.join(numbers)}, in a new conversation"
        conversation = await find_conversation(client, who)
        await client.send(conversation.device_id, said, picture=file)
        return conversation.title or who

    with Console(stderr=True).status("Sending" if file is None else "Uploading the picture"):
        receiver = run(work)
    print(f"Your phone was asked to send it to {one_line(receiver)}.")
