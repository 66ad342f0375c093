"""`heartline messages`."""

from typing import Annotated

from cyclopts import App, Parameter

from heartline.cli.output import Json

app = App(
    name="messages",
    help_epilogue="""
    Examples:

        heartline messages Bob

        heartline messages "+1 555 000 2222" --limit 200""",
)


@app.default
def messages(
    who: str, /, *, limit: int = 30, mark_read: Annotated[bool, Parameter(negative="")] = False, json: Json = False
) -> None:
    """
    Parameters
    ----------
    who
        A name, a part of one, or a number.
    limit
        How many at most; 0 for all.
    mark_read
        Also mark the conversation read, on all devices.
    """
    from heartline.cli.said import print_message
    from heartline.cli.session import find_conversation, run
    from heartline.cli.shown import print_json
    from heartline.client import Client, Conversation, Message

    async def work(client: Client) -> tuple[Conversation, list[Message]]:
        conversation = await find_conversation(client, who)
        found = await client.messages.list(conversation.device_id, limit=limit)
        if mark_read:
            await client.conversations.mark_read(conversation.device_id)
        return conversation, found[::-1]

    conversation, rows = run(work)
    for row in rows:
        if json:
            print_json(row)
        else:
            print_message(row, conversation.title or conversation.phone_numbers or "")
