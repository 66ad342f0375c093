"""`heartline tail`."""

from typing import TYPE_CHECKING

import msgspec
from cyclopts import App

from heartline.cli.output import Json

if TYPE_CHECKING:
    from heartline.client import Client, Event, Message

app = App(
    name="tail",
    help_epilogue="""
    A lost connection comes back by itself, and nothing is missed. With --json
    every operation is shown, of all kinds: cursor, operation, content.

    Examples:

        heartline tail

        heartline tail --json | jq -r .operation

        heartline tail --json --after 1f3c9a02:1200""",
)


@app.default
def tail(*, json: Json = False, after: str | None = None) -> None:
    """
    Parameters
    ----------
    after
        Begin after this cursor, as --json shows them, instead of now.
    """
    from heartline.cli.said import print_note
    from heartline.cli.session import run
    from heartline.client import Client, Cursor
    from heartline.errors import BadRequest

    try:
        cursor = None if after is None else Cursor.parse(after)
    except ValueError as error:
        raise BadRequest(str(error)) from None

    def tell(connected: bool) -> None:
        if not json:
            print_note("connected, waiting for texts" if connected else "the connection is lost, trying again")

    async def work(client: Client) -> None:
        shown = None if json else await Shown.of(client)
        async for event in client.events(cursor, on_connection=tell):
            if shown is None:
                _print_event(event)
            else:
                await shown.show(event)

    run(work)


def _print_event(event: "Event") -> None:
    from heartline.cli.shown import print_json

    content = msgspec.to_builtins(event.operation, str_keys=True, enc_hook=str)
    print_json({"cursor": str(event.cursor), "operation": event.operation.operation, "content": content})


UNDER_WAY = 1_000
"""Messages that are remembered until they are delivered or have failed; some never are."""


class Shown:
    """Operations about texts, for people: with the names of conversations, and what became of a text."""

    def __init__(self, client: "Client", titles: dict[int, str]) -> None:
        self.client = client
        self.titles = titles
        self.under_way: dict[int, Message] = {}
        """Own messages of which nothing final is known, by id; the newest `UNDER_WAY`."""

    @classmethod
    async def of(cls, client: "Client") -> "Shown":
        rows = await client.conversations.list()
        return cls(client, {row.device_id: row.title or row.phone_numbers or "" for row in rows})

    async def show(self, event: "Event") -> None:
        from heartline.cli.said import STATES, print_message, print_note, print_state
        from heartline.cli.shown import one_line
        from heartline.client import AddedMessage, ForwardedToPhone, HistoryLost, MessageType, UpdatedMessageType
        from heartline.resources import conversations as c

        match event.operation:
            case AddedMessage() as added:
                message = _row(added)
                print_message(message, await self._title(added.conversation_id))
                if added.type == MessageType.SENDING:
                    self.under_way[added.id] = message
                    if len(self.under_way) > UNDER_WAY:
                        del self.under_way[next(iter(self.under_way))]
            case UpdatedMessageType(id=message_id, message_type=kind) if kind in STATES:
                changed = self.under_way.get(int(message_id))
                if changed is not None:
                    changed.message_type = kind
                    print_state(changed, await self._title(changed.device_conversation_id))
                    if kind in (MessageType.DELIVERED, MessageType.ERROR):
                        del self.under_way[int(message_id)]
            case ForwardedToPhone() as asked:
                print_note(f"your phone is asked to send to {asked.to}: {one_line(asked.message)}")
            case c.AddedConversation(id=key, title=title, phone_numbers=numbers):
                self.titles[key] = title or numbers or ""
            case c.UpdatedConversation(id=key, title=title) | c.UpdatedConversationTitle(id=key, title=title):
                self.titles[key] = title or self.titles.get(key, "")
            case HistoryLost():
                print_note("some texts may be missing here: the server does not have them in its log any more")

    async def _title(self, conversation_id: int) -> str:
        if conversation_id not in self.titles:
            found = await self.client.conversations.get(conversation_id)
            self.titles[conversation_id] = (found.title or found.phone_numbers or "") if found else ""
        return self.titles[conversation_id]


def _row(added: object) -> "Message":
    from heartline.client import Message

    values = msgspec.structs.asdict(added)  # type: ignore[arg-type]
    values |= {
        "account_id": "",
        "device_id": values["id"],
        "device_conversation_id": values.pop("conversation_id"),
        "message_type": values.pop("type"),
        "message_from": values.pop("from_"),
        "sim_stamp": None,
    }
    return Message(**values)
