"""What a cluster is made of, each a real program that can be killed, paused and started again: NATS, nodes, a proxy, and a
cable between two of them that can be cut."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

HOST = "127.0.0.1"
START_S = 30.0
"""How long a program may take to answer, on a machine that is busy."""
NGINX_CONF = Path(__file__).parents[2] / "docs" / "nginx.conf"


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


class Program:
    """A process that listens on a port."""

    def __init__(self, folder: Path, name: str, port: int, *command: str) -> None:
        self.port = port
        self._command = command
        self._log = folder / f"{name}.log"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_S
        while True:
            with suppress(OSError):
                socket.create_connection((HOST, self.port), 1).close()
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self._command[0]} did not start: {self._log.read_text()}")
            time.sleep(0.05)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(START_S)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.go_on()
            self.process.terminate()
            try:
                self.process.wait(START_S)
            except subprocess.TimeoutExpired:
                self.kill()


class Nats(Program):
    def __init__(self, folder: Path) -> None:
        port = free_port()
        server = Path(sys.executable).parent / "nats-server"
        super().__init__(folder, "nats", port, str(server), "--addr", HOST, "--port", str(port))

    @property
    def url(self) -> str:
        return f"nats://{HOST}:{self.port}"


class Node(Program):
    """`heartline serve`, or another module that serves."""

    def __init__(
        self, folder: Path, name: str, database: str, bus: str, module: str = "heartline", **settings: object
    ) -> None:
        port = free_port()
        settings = {"host": HOST, "port": port, "database": database, "bus": bus, "signup": "open"} | settings
        flags = [f"--{setting.replace('_', '-')}={value}" for setting, value in settings.items()]
        super().__init__(folder, name, port, sys.executable, "-m", module, "serve", *flags)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


class Nginx(Program):
    """The configuration of the documentation, with addresses of its own."""

    def __init__(self, folder: Path, program: str, nodes: list[int]) -> None:
        port = free_port()
        text = NGINX_CONF.read_text()
        ports = iter(nodes)
        text = re.sub(r"server 127\.0\.0\.1:\d+", lambda _: f"server {HOST}:{next(ports)}", text)
        text = re.sub(r"listen 127\.0\.0\.1:\d+", f"listen {HOST}:{port}", text)
        home = folder / f"nginx-{port}"
        home.mkdir()
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {home}/{kind};\n" for kind in kinds)
        conf = home / "nginx.conf"
        head = f"daemon off;\npid {home}/pid;\nerror_log stderr;\n"
        conf.write_text(head + text.replace("http {\n", f"http {{\n{paths}", 1))
        super().__init__(folder, "nginx", port, program, "-p", str(home), "-c", str(conf))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @staticmethod
    def find() -> str | None:
        return shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")


class Cable:
    """Forwards connections to a port, until it is cut; then those that are there end, and new ones are refused."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener: socket.socket | None = None
        self.port = free_port()
        self.mend()

    def cut(self) -> None:
        assert self._listener is not None
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes `_accept`
        self._listener.close()
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._pairs.clear()

    def mend(self) -> None:
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    close = cut

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((HOST, self._target))
                self._pairs.append((near, far))
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_forward, args=(source, target), daemon=True).start()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
