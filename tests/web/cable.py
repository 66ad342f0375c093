"""A cable between a browser and the server, that can be pulled: a TCP proxy in a thread."""

import contextlib
import socket
import struct
import threading
from typing import Self

from tests.conftest import Server

HOST = "127.0.0.1"


class Cable:
    """Carries whatever comes to its `url`. While it is cut, it resets what was open and refuses what comes; while it is
    frozen, it carries nothing and closes nothing, as when a laptop sleeps."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cut_now = False
        self.frozen = False
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server((HOST, 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.frozen = False
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        self.cut_now = True
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                _reset(end)

    def mend(self) -> None:
        self.cut_now = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.cut_now:
                _reset(client)
                continue
            try:
                server = socket.create_connection((HOST, self.server.port))
            except OSError:
                _reset(client)
                continue
            with self._lock:
                self._pairs.add((client, server))
            for source, target in ((client, server), (server, client)):
                thread = threading.Thread(target=self._carry, args=(source, target, (client, server)))
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, target: socket.socket, pair: tuple[socket.socket, socket.socket]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.frozen:
                    target.sendall(data)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            end.close()


def _reset(end: socket.socket) -> None:
    """End with RST, and forget what was not sent yet."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
        end.close()
