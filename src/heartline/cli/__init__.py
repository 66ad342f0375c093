"""The `heartline` command: one file a command.

Exit codes: 0 done, 1 refused with a sentence, 2 wrong usage. Where settings come from: `settings.py`.
"""

import sqlite3
import sys

from cyclopts import App, CycloptsError
from rich.console import Console
from rich.text import Text

from heartline import __version__
from heartline.bus.engines import CannotUseBus
from heartline.cli import account, backup, config, flag, move, openapi, restored, serve
from heartline.cli.settings import read_settings
from heartline.errors import HeartlineError
from heartline.server.run import IncompleteTls, PortInUse
from heartline.server.workers import WorkersNeedPostgresql
from heartline.storage.engines import CannotOpen
from heartline.storage.migrations import SchemaTooNew
from heartline.storage.moving import CannotMove

REFUSALS = (CannotMove, CannotOpen, CannotUseBus, IncompleteTls, PortInUse, SchemaTooNew, WorkersNeedPostgresql)

app = App(
    name="heartline",
    help="A self-hosted sync server for text messages.",
    version=__version__,
    config=read_settings,
)
app.command(serve.app)
app.command(account.app)
app.command(backup.app)
app.command(flag.app)
app.command(move.app)
app.command(restored.app)
app.command(config.app)
app.command(openapi.app)


@app.command
def version() -> None:
    """Print the version."""
    print(__version__)


def main() -> None:
    """Run the command line and exit."""
    try:
        app(exit_on_error=False, print_error=True)
    except CycloptsError:
        sys.exit(2)
    except (HeartlineError, *REFUSALS, OSError, sqlite3.Error) as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(Text("heartline:", "red"), Text(str(error)))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
