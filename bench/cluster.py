"""`make cluster`: three nodes on one PostgreSQL, with NATS between them and nginx before them, until Ctrl+C.

Everything is real and new: the data is in a temporary folder, and gone at the end.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from tests.cluster.parts import NGINX_CONF, Nats, Nginx, Node
from tests.postgresql import PostgresqlServer

NODES = 3
INSTALL_S = 300


def main() -> None:
    program = find_nginx()
    stopped = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stopped.set())
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="heartline-cluster-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = PostgresqlServer(fsync="on")
        stack.callback(database.close)
        url = database.new_database()
        nats = Nats(folder)
        stack.callback(nats.stop)
        nodes = []
        for number in range(1, NODES + 1):
            nodes.append(Node(folder, f"node-{number}", url, nats.url))
            stack.callback(nodes[-1].stop)
        proxy = Nginx(folder, program, [node.port for node in nodes])
        stack.callback(proxy.stop)
        print(f"A cluster is running, with its data in {folder}, which is removed at the end. Ctrl+C stops all.")
        print(f"  Clients    {proxy.url}   (nginx, as in {NGINX_CONF.relative_to(Path.cwd())})")
        for number, node in enumerate(nodes, 1):
            print(f"  Node {number}     {node.url}   process {node.process.pid}")
        print(f"  NATS       {nats.url}   process {nats.process.pid}")
        print(f"  Database   {url}   process {database.process.pid}", flush=True)
        stopped.wait()


def find_nginx() -> str:
    """The program, installed when it is missing and that is possible; else ends with a sentence."""
    found = Nginx.find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing nginx", flush=True)
        quiet = os.environ | {
            "DEBIAN_FRONTEND": "noninteractive",
            "RUNLEVEL": "1",
        }  # installed, not started as a service
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "nginx"]):
            done = subprocess.run(
                ["apt-get", "-qq", *command], env=quiet, timeout=INSTALL_S, capture_output=True, text=True
            )
            if done.returncode:
                sys.exit(f"nginx cannot be installed: {done.stderr.strip()}")
        found = Nginx.find()
    if found is None:
        sys.exit("The cluster needs nginx: install it (Debian, Ubuntu: apt install nginx), or run this as root there.")
    return found


if __name__ == "__main__":
    main()
