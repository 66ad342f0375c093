"""`heartline flag`."""

from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number

from heartline.cli.database import transact
from heartline.cli.settings import HiddenSettings
from heartline.resources.accounts import FeatureFlag
from heartline.server.config import Config
from heartline.storage import SqlTx

app = App(name="flag")


@app.default
def flag(
    name: str,
    state: Literal["on", "off"],
    /,
    *,
    rollout: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 100,
    config: HiddenSettings = Config(),
) -> None:
    """Emits `feature_flag` to every account.

    Parameters
    ----------
    name
        The flag, as the apps know it.
    state
        What it is switched to.
    rollout
        Percentage of apps that follow an "on".
    """

    def work(tx: SqlTx) -> int:
        accounts = tx.sql("SELECT account_id FROM accounts ORDER BY account_id")
        for (account_id,) in accounts:
            tx.bound(account_id).emit(FeatureFlag(id=name, value=state == "on", rollout=rollout))
        return len(accounts)

    print(f"{name} is {state} for {transact(config, work)} accounts")
