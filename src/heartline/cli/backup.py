"""`heartline backup`."""

from pathlib import Path

from cyclopts import App

from heartline.cli.settings import HiddenSettings
from heartline.errors import BadRequest
from heartline.server.config import Config
from heartline.storage.engines import is_postgresql, path_of
from heartline.storage.sqlite import back_up

app = App(name="backup", help="Copy the database into a new file, also while the server runs.")


@app.default
def backup(file: Path, /, *, config: HiddenSettings = Config()) -> None:
    """To restore it, stop the server, put the file in the place of heartline.db, and start the server again.

    Clients that know events which the copy lacks are then told to fetch everything.

    Parameters
    ----------
    file
        The copy; it must not exist yet.
    """
    if is_postgresql(config.database_url):
        raise BadRequest(
            "PostgreSQL is backed up by pg_dump; after pg_restore, run `heartline restored` before serving"
        )
    back_up(path_of(config.database_url), file)
    print(f"{file}: {file.stat().st_size:,} bytes")
