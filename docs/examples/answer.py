"""Print incoming texts, and answer "where are you?". See docs/client.md."""

import asyncio
import sys

from heartline.client import AddedMessage, MessageType, log_in


async def main(url: str, username: str, password: str) -> None:
    async with log_in(url, username, password) as client:
        async for event in client.events():
            match event.operation:
                case AddedMessage(type=MessageType.RECEIVED, data=text, conversation_id=conversation):
                    print(text, flush=True)
                    if text.lower() == "where are you?":
                        await client.send(conversation, "On my way!")


asyncio.run(main(*sys.argv[1:]))
