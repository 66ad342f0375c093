"""Holds thousands of clients of a stream in one process, and measures what each gets: run by `bench.load`.

Commands come as lines of JSON on standard input, and each is answered by one line on standard output; the end of the
input ends the process. The clients are bare sockets under one epoll, so that a core here can keep a busy server's company.
"""

import os
import re
import resource
import select
import socket
import struct
import sys
import time
from collections import deque
from typing import Any

import msgspec

IDENTIFIER = '{"channel":"NotificationsChannel"}'
MASK = b"\x01\x02\x03\x04"
MARK = re.compile(rb"~(\d+)~")
"""What stands in the text of a published event, to tell it by."""
READ_BYTES = 64 * 1024
IP_BIND_ADDRESS_NO_PORT = 24
"""Linux: the port is chosen at `connect`, so that each source address has all ports for each server."""
OPEN_S = 120.0


class Command(msgspec.Struct):
    do: str
    """`open` clients; `watch` them for a while; `listen`, then `heard`; `close` all of them."""
    port: int = 0
    path: str = ""
    """The path of the upgrade; `{account}` stands for a client's account."""
    accounts: list[str] = []
    """One client for each."""
    sources: list[str] = []
    in_flight: int = 100
    """Handshakes that are under way at once."""
    subprotocol: str = ""
    seconds: float = 0.0
    persistent: bool = False
    """Whether clients that were refused or cut off while opening try again, as they do after a restart."""


def masked(text: str) -> bytes:
    """A client's text frame of at most 125 bytes."""
    payload = text.encode()
    return struct.pack("!BB", 0x81, 0x80 | len(payload)) + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(payload))


SUBSCRIBE = masked(msgspec.json.encode({"command": "subscribe", "identifier": IDENTIFIER}).decode())


class Client:
    __slots__ = ("confirmed", "last_ping_s", "number", "pings", "rest", "sock", "upgraded", "worst_gap_s")

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.sock = sock
        self.rest = b""
        self.upgraded = False
        self.confirmed = False
        self.pings = 0
        self.last_ping_s = 0.0
        self.worst_gap_s = 0.0


class Crowd:
    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.clients: dict[int, Client] = {}
        self.confirmed = 0
        self.lost = 0
        self.now_s = 0.0
        self.heard: dict[str, list[float]] = {}
        """When each event arrived: a moment for every client that got it."""
        self.again: deque[int] = deque()

    # --- sockets ---

    def connect(self, number: int, source: str, command: Command) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((source, 0))
        sock.connect_ex(("127.0.0.1", command.port))
        self.clients[sock.fileno()] = Client(number, sock)
        self.epoll.register(sock.fileno(), select.EPOLLOUT)

    def connected(self, client: Client, command: Command) -> None:
        path = command.path.replace("{account}", command.accounts[client.number])
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ]
        if command.subprotocol:
            lines.append(f"Sec-WebSocket-Protocol: {command.subprotocol}")
        try:
            client.sock.send("\r\n".join([*lines, "", ""]).encode())
        except OSError:
            self.drop(client)
            return
        self.epoll.modify(client.sock.fileno(), select.EPOLLIN)

    def drop(self, client: Client) -> None:
        self.epoll.unregister(client.sock.fileno())
        del self.clients[client.sock.fileno()]
        client.sock.close()
        self.confirmed -= client.confirmed
        self.lost += 1
        self.again.append(client.number)

    def poll(self, timeout_s: float, command: Command) -> None:
        events = self.epoll.poll(timeout_s)
        self.now_s = time.monotonic()
        for fd, event in events:
            client = self.clients[fd]
            if event & select.EPOLLOUT:
                self.connected(client, command)
                continue
            try:
                data = client.sock.recv(READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                self.received(client, client.rest + data if client.rest else data)
            else:
                self.drop(client)

    # --- what they get ---

    def received(self, client: Client, data: bytes) -> None:
        begin = 0
        if not client.upgraded:
            begin = data.find(b"\r\n\r\n") + 4
            if begin < 4:
                client.rest = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self.drop(client)
                return
            client.upgraded = True
        size = len(data)
        while size - begin >= 2:
            length, header = data[begin + 1], 2
            if length == 126:
                length, header = int.from_bytes(data[begin + 2 : begin + 4], "big"), 4
            elif length == 127:
                length, header = int.from_bytes(data[begin + 2 : begin + 10], "big"), 10
            end = begin + header + length
            if end > size or size < begin + header:
                break
            self.frame(client, data[begin + header : end])
            begin = end
        client.rest = data[begin:]

    def frame(self, client: Client, payload: bytes) -> None:
        if b'"type":"ping"' in payload:
            if client.last_ping_s:
                gap_s = self.now_s - client.last_ping_s
                if gap_s > client.worst_gap_s:
                    client.worst_gap_s = gap_s
            client.pings += 1
            client.last_ping_s = self.now_s
        elif b'"type":"welcome"' in payload:
            client.sock.send(SUBSCRIBE)
        elif b'"type":"confirm_subscription"' in payload:
            client.confirmed = True
            self.confirmed += 1
        elif mark := MARK.search(payload):
            self.heard.setdefault(mark[1].decode(), []).append(time.monotonic())

    # --- commands ---

    def open(self, command: Command) -> dict[str, Any]:
        """Until all are subscribed, or `OPEN_S` are over."""
        begin_s, begin_cpu_s = time.monotonic(), time.process_time()
        before, lost = self.confirmed, self.lost
        self.again.clear()
        waiting = deque(range(len(command.accounts)))
        end_s = begin_s + OPEN_S
        while self.confirmed - before < len(command.accounts) and time.monotonic() < end_s:
            under_way = len(self.clients) - self.confirmed
            for _ in range(min(command.in_flight - under_way, len(waiting))):
                number = waiting.popleft()
                self.connect(number, command.sources[number % len(command.sources)], command)
            self.poll(0.05, command)
            if command.persistent:
                waiting.extend(self.again)
            elif self.again:
                break
            self.again.clear()
        return {
            "confirmed": self.confirmed - before,
            "lost": self.lost - lost,
            "begin_s": begin_s,
            "end_s": time.monotonic(),
            "cpu_s": time.process_time() - begin_cpu_s,
        }

    def watch(self, command: Command) -> dict[str, Any]:
        """What the clients get in so many seconds."""
        for client in self.clients.values():
            client.pings, client.worst_gap_s = 0, 0.0
        lost, begin_cpu_s = self.lost, time.process_time()
        end_s = time.monotonic() + command.seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self.poll(left_s, command)
        now_s = time.monotonic()
        for client in self.clients.values():  # who waits for a ping at the end has waited since the last one
            if client.last_ping_s:
                client.worst_gap_s = max(client.worst_gap_s, now_s - client.last_ping_s)
        pings = [client.pings for client in self.clients.values()]
        return {
            "clients": len(pings),
            "lost": self.lost - lost,
            "pings": sum(pings),
            "fewest": min(pings, default=0),
            "most": max(pings, default=0),
            "worst_gap_s": max((client.worst_gap_s for client in self.clients.values()), default=0.0),
            "gaps_s": sorted((round(c.worst_gap_s, 4) for c in self.clients.values()), reverse=True)[:100],
            "cpu_s": time.process_time() - begin_cpu_s,
            "heard": self.take_heard(),
        }

    def take_heard(self) -> dict[str, list[float]]:
        """Of each event how many got it, and when the first and the last one did."""
        heard, self.heard = self.heard, {}
        return {mark: [len(times), min(times), max(times)] for mark, times in heard.items()}

    def close(self, command: Command) -> dict[str, Any]:
        for client in list(self.clients.values()):
            self.drop(client)
        self.again.clear()
        return {}

    def run(self) -> None:
        """Commands, one after the other; in between the clients are served, as their pings go on."""
        decoder = msgspec.json.Decoder(Command)
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(self.epoll.fileno(), select.POLLIN)
        text = b""
        while True:
            if any(fd == 0 for fd, _ in poll.poll()):
                more = os.read(0, READ_BYTES)
                if not more:
                    return
                text += more
                while (end := text.find(b"\n")) >= 0:
                    line, text = text[:end], text[end + 1 :]
                    command = decoder.decode(line)
                    result = getattr(self, command.do)(command)
                    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
                    sys.stdout.buffer.flush()
            self.poll(0, Command(""))


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Crowd().run()
