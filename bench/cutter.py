"""A TCP proxy whose cables are cut: it knows nothing of what it carries.

Each client has a line, a port of its own, so that a cut can refuse exactly this client for a while. A cut is a reset on both
sides: whatever was on its way in the proxy or in the buffers of the system is lost, as with a cable.
"""

import asyncio
import contextlib
import random
import socket
import struct

HOST = "127.0.0.1"
SPREAD = 0.5
"""A cable holds for the interval, give or take this share of it."""
READ_BYTES = 64 * 1024


class Cutter:
    """The lines of all clients. Nothing is cut before `begin` and after `rest`."""

    def __init__(self, server_port: int, *, seed: int, interval_s: float, offline_s: float) -> None:
        self.server_port = server_port
        self.interval_s = interval_s
        self.offline_s = offline_s
        self.lines: list[Line] = []
        self._seed = seed

    async def add_line(self) -> "Line":
        """A new line with its own sequence of cuts, which depends on nothing that happens."""
        line = Line(self, random.Random(f"{self._seed}:{len(self.lines)}"))
        await line.open()
        self.lines.append(line)
        return line

    def begin(self) -> None:
        for line in self.lines:
            line.begin()

    def rest(self) -> None:
        for line in self.lines:
            line.rest()

    async def close(self) -> None:
        self.rest()
        for line in self.lines:
            await line.close()


class Line:
    """The cable of one client, which has one connection at a time."""

    def __init__(self, cutter: Cutter, rng: random.Random) -> None:
        self.cuts = 0
        self.port = 0
        self._cutter = cutter
        self._random = rng
        self._refused_until_s = 0.0
        self._ends: list[asyncio.StreamWriter] = []
        """Both ends of the connection; none while there is none."""
        self._next_cut: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None

    async def open(self) -> None:
        self._listener = await asyncio.start_server(self._accept, HOST, 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    def begin(self) -> None:
        """Cut from now on. The first time is shorter, as if the cable had been there before: the cuts of all lines are
        spread over the whole run."""
        self._cut_after(self._random.random() * self._lifetime_s())

    def rest(self) -> None:
        if self._next_cut is not None:
            self._next_cut.cancel()
            self._next_cut = None

    async def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for end in self._ends:
            _reset(end)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _lifetime_s(self) -> float:
        return self._cutter.interval_s * self._random.uniform(1 - SPREAD, 1 + SPREAD)

    def _cut_after(self, seconds: float) -> None:
        self._next_cut = asyncio.get_running_loop().call_later(seconds, self._cut)

    def _cut(self) -> None:
        if self._ends:
            self.cuts += 1
        self._refused_until_s = asyncio.get_running_loop().time() + self._cutter.offline_s
        for end in self._ends:
            _reset(end)
        self._cut_after(self._cutter.offline_s + self._lifetime_s())

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asyncio.get_running_loop().time() < self._refused_until_s:
            _reset(writer)
            return
        try:
            server_reader, server_writer = await asyncio.open_connection(HOST, self._cutter.server_port)
        except OSError:
            _reset(writer)
            return
        self._ends = ends = [writer, server_writer]
        pumps = [
            asyncio.create_task(_pump(reader, server_writer)),
            asyncio.create_task(_pump(server_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            for end in ends:
                end.close()  # one side has ended: what it had sent still arrives at the other
            if self._ends is ends:
                self._ends = []


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN, and forget what was not sent yet."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
