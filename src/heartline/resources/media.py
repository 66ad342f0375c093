"""Media: the encrypted picture, sound or film of a message (rest.md 2.12). It usually arrives before its message."""

from typing import Annotated

from msgspec import Struct

from heartline.contract import Mark, PlainText, Request, Row, RowId, Tx, get, post
from heartline.errors import NotFound


class Media(Row):
    table = "media"
    key = "message_id"

    message_id: RowId
    data: str


class MediaData(Struct):
    data: str


class AddMedia(Request):
    message_id: RowId
    data: Annotated[str, Mark(encrypted=True, byte_map=True)]


class GetMedia(Request):
    message_id: RowId
    raw: bool = False


@post("/media/add")
def add_media(tx: Tx, request: AddMedia) -> None:
    """Store the data of one message, or replace it.

    `data` is a text, or the bytes of its UTF-8 form: as a list of numbers, or as an object with the keys "0", "1" and so
    on, which is what the Heart web client makes of a byte array.
    """
    tx.insert(Media, request)


@get("/media/{message_id}")
def get_media(tx: Tx, request: GetMedia) -> MediaData | PlainText:
    """The data of one message as `{"data": text}`, or the bare text with `raw=true` or `Accept: text/plain`."""
    media = tx.row(Media, message_id=request.message_id)
    if media is None:
        raise NotFound("there is no media for this message")
    return PlainText(media.data) if request.raw else MediaData(data=media.data)
