"""One message on the terminal, or as one line of a pipe."""

import sys
from functools import cache

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from heartline.cli.shown import clean, field, when
from heartline.client import Message, MessageType

STATES = {
    MessageType.SENDING: ("sending", "yellow"),
    MessageType.SENT: ("sent", "dim"),
    MessageType.DELIVERED: ("delivered", "green"),
    MessageType.ERROR: ("not sent", "red"),
}
PLAIN = "text/plain"


@cache
def console() -> Console:
    return Console(highlight=False)


def body(message: Message) -> str:
    """What a message says; of a file, what it is."""
    if message.mime_type == PLAIN or message.mime_type is None or message.message_type == MessageType.MEDIA:
        return message.data
    if message.mime_type.startswith("text/") or "/" not in message.mime_type:
        return message.data
    return f"[{message.mime_type}, message {message.device_id}]"


def state(message: Message) -> str:
    """`received`, or what became of a message of one's own."""
    name = STATES.get(MessageType(message.message_type) if message.message_type in range(7) else MessageType.INFO)
    return name[0] if name else "received" if message.message_type == MessageType.RECEIVED else "info"


def print_message(message: Message, title: str) -> None:
    """Who said when what. In a pipe: time, state, conversation, writer, text between tabs."""
    own = message.message_type in STATES
    writer = "You" if own else message.message_from or title
    if not sys.stdout.isatty():
        columns = when(message.timestamp), state(message), field(title), field(writer), field(body(message))
        print("\t".join(columns), flush=True)
        return
    where = f" → {escape(clean(title))}" if own else f" in {escape(clean(title))}" if writer != title else ""
    colour = "cyan" if own else "magenta"
    kind = STATES.get(MessageType(message.message_type)) if own else None
    suffix = f" [{kind[1]}]{kind[0]}[/]" if kind else ""
    console().print(f"[dim]{when(message.timestamp)}[/]  [bold {colour}]{escape(clean(writer))}[/]{where}{suffix}")
    console().print(Padding(Text(clean(body(message))), (0, 0, 0, 2)))


def print_note(text: str) -> None:
    """A line about the connection, or about a message: for people, so not in a pipe."""
    if sys.stdout.isatty():
        console().print(Text(clean(text), "dim italic"))
