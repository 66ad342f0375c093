"""Pictures and other files of messages."""

from heartline.client.noun import Noun
from heartline.resources import media


class Media(Noun):
    """One file a message, under the message's id. It is stored before its message."""

    async def get(self, message_id: int) -> bytes:
        """The file. Raises `NotFound` when there is none, `CannotOpen` when it is damaged."""
        found = await self._client.rest.call(media.get_media, media.GetMedia(message_id=message_id))
        assert isinstance(found, media.MediaData)
        return self._client.key.open(found.data)

    async def add(self, message_id: int, data: bytes) -> None:
        """Store a file, or replace it."""
        sealed = media.AddMedia(message_id=message_id, data=self._client.key.seal(data))
        await self._client.rest.call(media.add_media, sealed)
