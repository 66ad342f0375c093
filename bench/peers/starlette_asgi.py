"""The stream as an ASGI application under Starlette and uvicorn, as their documentation writes it. Prints its port."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from bench.peers.frames import CONFIRM, SLOTS, WELCOME, event, every_slot, ping

accounts: defaultdict[str, set[WebSocket]] = defaultdict(set)
slots: list[set[WebSocket]] = [set() for _ in range(SLOTS)]


async def follow(websocket: WebSocket) -> None:
    account = websocket.query_params["account_id"]
    await websocket.accept()
    slot = min(slots, key=len)
    slot.add(websocket)
    try:
        await websocket.send_text(WELCOME)
        while True:
            await websocket.receive_text()
            accounts[account].add(websocket)
            await websocket.send_text(CONFIRM)
    except WebSocketDisconnect:
        pass
    finally:
        slot.discard(websocket)
        accounts[account].discard(websocket)


async def publish(request: Request) -> JSONResponse:
    frame = event((await request.body()).decode())
    for websocket in tuple(accounts[request.query_params["account_id"]]):
        await websocket.send_text(frame)
    return JSONResponse({})


async def turn() -> None:
    async for number in every_slot():
        frame = ping()
        for websocket in tuple(slots[number]):
            await websocket.send_text(frame)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    task = asyncio.create_task(turn())
    yield
    task.cancel()


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(4096)
print(listener.getsockname()[1], flush=True)
routes = [WebSocketRoute("/stream", follow), Route("/publish", publish, methods=["POST"])]
config = uvicorn.Config(
    Starlette(routes=routes, lifespan=lifespan),
    loop="uvloop",
    ws="websockets-sansio",
    ws_ping_interval=None,
    ws_per_message_deflate=False,
    log_level="error",
    access_log=False,
)
uvicorn.Server(config).run([listener])
