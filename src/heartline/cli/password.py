"""A password from the keyboard, or from a pipe."""

import sys
from getpass import getpass

from heartline.errors import BadRequest


def ask_password(*, twice: bool = False) -> str:
    """The password, never empty; `twice` asks again for one that is new. BadRequest when there is none."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        try:
            password = getpass("Password: ")
            again = getpass("Again: ") if twice else password
        except EOFError:  # Ctrl+D
            print(file=sys.stderr)
            raise BadRequest("no password was given") from None
        if password != again:
            raise BadRequest("the passwords differ")
    if not password:
        raise BadRequest("the password is empty")
    return password
