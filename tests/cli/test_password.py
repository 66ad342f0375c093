"""A password that is typed on a terminal."""

import os
import pty
import sys

import pytest


@pytest.mark.parametrize("command", ["login ann", "account create ann"])
def test_ctrl_d_is_answered_with_a_sentence(command: str) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "heartline", *command.split()])
    shown = b""
    try:
        while data := os.read(terminal, 4096):
            shown += data
            if shown.endswith(b"Password: "):
                os.write(terminal, b"\x04")
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    assert b"no password was given" in shown
    assert b"Traceback" not in shown
