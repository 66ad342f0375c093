"""`heartline restored`."""

from cyclopts import App

from heartline.cli.database import transact
from heartline.cli.settings import HiddenSettings
from heartline.server.config import Config
from heartline.storage import log

app = App(name="restored")


@app.default
def restored(*, config: HiddenSettings = Config()) -> None:
    """Every log gets a new epoch, so that clients which know events that the backup lacks are told to fetch everything."""
    print(f"{transact(config, log.renew_all_epochs)} logs have a new epoch")
