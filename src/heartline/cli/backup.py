"""`heartline backup`."""

from pathlib import Path

from cyclopts import App

from heartline.cli.settings import HiddenSettings
from heartline.server.config import Config
from heartline.storage.sqlite import back_up

app = App(name="backup")


@app.default
def backup(file: Path, /, *, config: HiddenSettings = Config()) -> None:
    """To restore it, stop the server, put the file in the place of heartline.db, and start the server again.

    Clients that know events which the copy lacks are then told to fetch everything.

    Parameters
    ----------
    file
        The copy; it must not exist yet.
    """
    back_up(config.database, file)
    print(f"{file}: {file.stat().st_size:,} bytes")
