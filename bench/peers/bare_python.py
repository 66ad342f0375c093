"""The least that a server of the stream in Python can do: what `floor.c` does, in a bare loop over sockets. Prints its port.

No program in Python can need less processor time for the same frames, as each is one call of `socket.send`.
"""

import re
import select
import socket
import time
from collections import defaultdict

from bench.peers.frames import CONFIRM, SLOT_S, SLOTS, WELCOME, event, frame, ping

READ_BYTES = 64 * 1024
EVENTS = 512
UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
ACCOUNT = re.compile(rb"account-(\d+)")

clients: dict[int, socket.socket] = {}
"""By file descriptor; those that were not upgraded as well."""
accounts: defaultdict[bytes, set[int]] = defaultdict(set)
account_of: dict[int, bytes] = {}
slots: list[set[socket.socket]] = [set() for _ in range(SLOTS)]


def turn(slot: set[socket.socket]) -> None:
    data = frame(ping())
    for client in slot:
        client.send(data)


def receive(fd: int) -> None:
    client = clients[fd]
    try:
        data = client.recv(READ_BYTES)
    except ConnectionError:
        data = b""
    if not data:
        del clients[fd]
        slots[fd % SLOTS].discard(client)
        accounts[account_of.pop(fd, b"")].discard(fd)
        client.close()
    elif fd in account_of:
        client.send(frame(CONFIRM))
    elif data.startswith(b"GET "):
        client.send(UPGRADED)
        account = account_of[fd] = ACCOUNT.search(data)[1]  # type: ignore[index]
        accounts[account].add(fd)
        slots[fd % SLOTS].add(client)
        client.send(frame(WELCOME))
    else:  # POST /publish, head and body in one piece
        out = frame(event(data.partition(b"\r\n\r\n")[2].decode()))
        for other in accounts[ACCOUNT.search(data)[1]]:  # type: ignore[index]
            clients[other].send(out)
        client.send(OK)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by what it accepts
    print(listener.getsockname()[1], flush=True)
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    due_s, number = time.monotonic(), 0
    while True:
        for fd, _ in epoll.poll(max(0.0, due_s - time.monotonic()), EVENTS):
            if fd == listener.fileno():
                client, _ = listener.accept()
                client.setblocking(False)
                clients[client.fileno()] = client
                epoll.register(client, select.EPOLLIN)
            else:
                receive(fd)
        if time.monotonic() >= due_s:
            turn(slots[number % SLOTS])
            due_s, number = due_s + SLOT_S, number + 1


main()
