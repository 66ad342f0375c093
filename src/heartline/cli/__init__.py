"""The `heartline` command: one file a command, loaded when it is called.

Exit codes: 0 done, 1 refused with a sentence, 2 wrong usage. Where settings come from: `settings.py`.
"""

import os
import sqlite3
import sys
from keyword import iskeyword

from cyclopts import App, CycloptsError, Group

from heartline import __version__
from heartline.cli.settings import read_settings
from heartline.errors import HeartlineError, Refusal

app = App(
    name="heartline",
    help="A self-hosted sync server for text messages, and its command line.",
    version=__version__,
    config=read_settings,
)
TEXTS = Group("Your texts", sort_key=1)
SERVER = Group("The server", sort_key=2)

COMMANDS = {
    TEXTS: {
        "login": "Log in to a server, for the commands below.",
        "logout": "Forget the login.",
        "conversations": "List your conversations.",
        "messages": "Show the messages of one conversation.",
        "send": "Send a text or a picture through your phone.",
        "tail": "Show texts as they come and go, until Ctrl+C.",
        "search": "Find messages that contain a text.",
        "contacts": "List your contacts.",
        "import": "Import texts from a file of SMS Backup & Restore, or from an export.",
        "export": "Write everything that your account holds into a file.",
        "phone": "Play the phone of your account, with a simulated radio.",
        "demo": "Try everything: a server, an account, a phone, and people who answer.",
    },
    SERVER: {
        "serve": "Serve the REST API and the stream on one port, until Ctrl+C.",
        "account": "Manage the accounts of this server (--data names its folder).",
        "backup": "Copy the database into a new file, also while the server runs.",
        "flag": "Switch a feature of the apps on or off, for all accounts.",
        "move": "Move everything into another database, from SQLite to PostgreSQL or back.",
        "restored": "Say that the database is an older copy, not made by `heartline backup`, before serving it.",
        "config": "Show every setting, its value, and where the value comes from.",
        "openapi": "Print the OpenAPI 3.1 document of the REST API.",
    },
}
"""By group, with their help; each is the `app` of the module of its name."""

for group, commands in COMMANDS.items():
    for name, sentence in commands.items():
        module = f"{name}_" if iskeyword(name) else name
        app.command(f"heartline.cli.{module}:app", name=name, group=group, help=sentence)

PACKAGES_OF_THE_CLIENT = {"cryptography", "httpx", "keyring"}


@app.command(group=SERVER)
def version() -> None:
    """Print the version."""
    print(__version__)


app.register_install_completion_command(
    name="completion", help="Install the completion of commands and options for your shell.", group=SERVER
)


def main() -> None:
    """Run the command line and exit."""
    try:
        app(exit_on_error=False, print_error=True)
    except CycloptsError:
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing fails at the end
        sys.exit(0)
    except Exception as error:
        sentence = _refusal(error)
        if sentence is None:
            raise
        _print_refusal(sentence)
        sys.exit(1)


def _refusal(error: Exception) -> str | None:
    """The sentence of an error that a person can understand; None for a fault of the program."""
    if isinstance(error, ModuleNotFoundError) and error.name in PACKAGES_OF_THE_CLIENT:
        return f"this command needs the package {error.name}: pip install 'heartline[client]'"
    return str(error) if isinstance(error, (HeartlineError, Refusal, OSError, sqlite3.Error)) else None


def _print_refusal(sentence: str) -> None:
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, highlight=False, soft_wrap=True).print(Text("heartline:", "red"), Text(sentence))
