"""One message on the terminal, or as one line of a pipe."""

import sys
from functools import cache

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from heartline.cli.shown import clean, field, one_line, when
from heartline.client import Message, MessageType

STATES: dict[int, tuple[str, str]] = {
    MessageType.SENDING: ("sending", "yellow"),
    MessageType.SENT: ("sent", "dim"),
    MessageType.DELIVERED: ("delivered", "green"),
    MessageType.ERROR: ("not sent", "red"),
}
"""What became of a message of one's own, and the colour of that."""


@cache
def console() -> Console:
    return Console(highlight=False)


def body(message: Message) -> str:
    """What a message says; of a file, what it is."""
    is_file = "/" in message.mime_type and not message.mime_type.startswith("text/")
    if is_file and message.message_type != MessageType.MEDIA:
        return f"[{message.mime_type}, message {message.device_id}]"
    return message.data


def state(message_type: int) -> str:
    """`received`, or what became of a message of one's own."""
    name, _ = STATES.get(message_type) or ("received" if message_type == MessageType.RECEIVED else "info", "")
    return name


def print_message(message: Message, title: str) -> None:
    """Who said when what. In a pipe: time, state, conversation, writer, text between tabs."""
    own = message.message_type in STATES
    writer = "You" if own else message.message_from or title
    if not sys.stdout.isatty():
        columns = (
            when(message.timestamp),
            state(message.message_type),
            field(title),
            field(writer),
            field(body(message)),
        )
        print("\t".join(columns), flush=True)
        return
    where = f" → {escape(clean(title))}" if own else f" in {escape(clean(title))}" if writer != title else ""
    colour = "cyan" if own else "magenta"
    name, shade = STATES.get(message.message_type, ("", ""))
    suffix = f" [{shade}]{name}[/]" if own else ""
    console().print(f"[dim]{when(message.timestamp)}[/]  [bold {colour}]{escape(clean(writer))}[/]{where}{suffix}")
    console().print(Padding(Text(clean(body(message))), (0, 0, 0, 2)))


def print_state(message: Message, title: str) -> None:
    """What has become of a message of one's own: a note for people; in a pipe the line of the message, in its new state."""
    if sys.stdout.isatty():
        print_note(f"{state(message.message_type)}: {one_line(body(message))[:40]}")
    else:
        print_message(message, title)


def print_note(text: str) -> None:
    """A line about the connection, or about what happens: for people, so not in a pipe."""
    if sys.stdout.isatty():
        console().print(Text(clean(text), "dim italic"))
