"""Several processes on one machine: a parent that serves nothing, and workers that share its listening socket.

The socket is the parent's, so a connection that waits to be accepted is not lost with a worker. Each worker is a node of
its own, and ends when its parent does, however that ends.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from heartline.server.config import Config
from heartline.server.run import check, serve
from heartline.storage.engines import is_postgresql

log = structlog.get_logger()

RESTART_S = 2.0
"""A worker is started at most this often in one place: one that dies at once does not keep the machine busy."""
STOP_S = 20.0
"""How long workers may take to end, a little more than `run.STOP_S` for each; then they are killed."""
WAKE_S = 0.5
"""How often the parent looks up, when no signal wakes it."""
SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


class WorkersNeedPostgresql(Exception):
    def __init__(self) -> None:
        super().__init__(
            "several workers need PostgreSQL, as one SQLite file has one writer: set --database postgresql://..., "
            "or leave --workers at 1"
        )


def serve_with_workers(config: Config, listener: socket.socket, started: Callable[[], None]) -> None:
    """Serve with `config.workers` processes until SIGINT or SIGTERM. Calls `started` once all of them answer.

    Raises `WorkersNeedPostgresql`, and what `run.check` raises.
    """
    if not is_postgresql(config.database_url):
        raise WorkersNeedPostgresql
    check(config)
    _Parent(config, listener, started).run()


class _Parent:
    def __init__(self, config: Config, listener: socket.socket, started: Callable[[], None]) -> None:
        self._config = config
        self._listener = listener
        self._started: Callable[[], None] | None = started
        self._places: dict[int, int] = {}  # place of each worker by its process id
        self._due: dict[int, float] = dict.fromkeys(range(config.workers), 0.0)  # when an empty place is filled
        self._answering = 0
        self._ready, self._tell_ready = os.pipe()
        self._alive, self._hold_alive = os.pipe()  # ends when the parent does: nobody else holds the second
        os.set_blocking(self._ready, False)

    def run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            while True:
                self._fill_places()
                heard = signal.sigtimedwait(SIGNALS, WAKE_S)
                self._bury()
                self._tell_started()
                if heard is not None and heard.si_signo != signal.SIGCHLD:
                    return
        finally:
            self._stop()

    def _fill_places(self) -> None:
        now = time.monotonic()
        for place, due in list(self._due.items()):
            if due <= now:
                pid = os.fork()
                if pid == 0:
                    self._be_worker()
                self._places[pid] = place
                del self._due[place]
                log.info("worker started", worker=place, pid=pid)

    def _be_worker(self) -> None:
        code = 1
        try:
            os.close(self._hold_alive)
            for signum in SIGNALS:
                signal.signal(signum, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            serve(self._config, self._listener, self._begin)
            code = 0
        except BaseException as error:
            log.error("worker failed", error=type(error).__name__)
        finally:
            os._exit(code)

    def _begin(self) -> None:
        """The worker answers requests: tell the parent, and end with it."""
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.remove_reader(self._alive)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(self._alive, end)
        os.write(self._tell_ready, b".")

    def _tell_started(self) -> None:
        with suppress(BlockingIOError):
            self._answering += len(os.read(self._ready, self._config.workers))
        if self._started is not None and self._answering >= self._config.workers:
            self._started()
            self._started = None

    def _bury(self) -> None:
        """Take note of workers that have ended, and give their places another."""
        while self._places:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            place = self._places.pop(pid)
            self._due[place] = time.monotonic() + RESTART_S
            log.info("worker ended", worker=place, pid=pid, code=os.waitstatus_to_exitcode(status))

    def _stop(self) -> None:
        for pid in self._places:
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_S
        while self._places and time.monotonic() < until:
            signal.sigtimedwait({signal.SIGCHLD}, WAKE_S)
            self._bury()
        for pid in self._places:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS - {signal.SIGTERM, signal.SIGINT})
