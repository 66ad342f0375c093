"""The command line, called while a server runs on the same data."""

import os
import subprocess
import sys

from tests.conftest import WAIT_S, Server


def run_command(*arguments: str, server: Server) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "heartline", *arguments, "--database", server.database],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("HEARTLINE_")},
    )
    assert done.returncode == 0, done.stderr
