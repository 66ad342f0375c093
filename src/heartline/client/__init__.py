"""A client for Python programs: read, follow and send an account's texts, encrypted end to end (docs/client.md).

    async with log_in("http://127.0.0.1:5050", "ann", "correct horse") as client:
        async for event in client.events():
            print(event.operation)

Rows, requests and operations are the classes of `heartline.resources`; the most usual ones are also here.
"""

from heartline.client.account import Credentials, connect, get_credentials, log_in, sign_up
from heartline.client.client import Client
from heartline.client.errors import NoConversation, Refused, UnexpectedReply, Unreachable
from heartline.client.events import Cursor, Event, HistoryLost, UnknownOperation
from heartline.client.messages import MessageType
from heartline.client.noun import new_id
from heartline.contract import Operation
from heartline.crypto import CannotOpen, Dialect, Key, Unreadable
from heartline.errors import AccountIdInvalid, HeartlineError, NotFound, WrongLogin
from heartline.resources.contacts import Contact
from heartline.resources.conversations import Conversation, NewConversation
from heartline.resources.messages import AddedMessage, ForwardedToPhone, Message, NewMessage, UpdatedMessageType

__all__ = [
    "AccountIdInvalid",
    "AddedMessage",
    "CannotOpen",
    "Client",
    "Contact",
    "Conversation",
    "Credentials",
    "Cursor",
    "Dialect",
    "Event",
    "ForwardedToPhone",
    "HeartlineError",
    "HistoryLost",
    "Key",
    "Message",
    "MessageType",
    "NewConversation",
    "NewMessage",
    "NoConversation",
    "NotFound",
    "Operation",
    "Refused",
    "UnexpectedReply",
    "UnknownOperation",
    "Unreachable",
    "Unreadable",
    "UpdatedMessageType",
    "WrongLogin",
    "connect",
    "get_credentials",
    "log_in",
    "new_id",
    "sign_up",
]
