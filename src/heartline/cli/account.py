"""`heartline account`."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from heartline.cli.database import of_user, transact
from heartline.cli.output import print_table
from heartline.cli.password import ask_password
from heartline.cli.settings import HiddenSettings
from heartline.errors import BadRequest
from heartline.passwords import hash_password
from heartline.resources import accounts, activation
from heartline.server.config import Config
from heartline.storage import SqlTx

app = App(name="account")

Password = Annotated[str | None, Parameter(help="The password; without it you are asked, or it is read from a pipe.")]


@app.command
def create(
    username: str,
    /,
    *,
    password: Password = None,
    real_name: str = "",
    phone_number: str = "",
    config: HiddenSettings = Config(),
) -> None:
    """Create an account, whatever the setting signup says, and print its account id."""
    if not username:
        raise BadRequest("the name is empty")
    password_hash = hash_password(password or ask_password(twice=True))

    def work(tx: SqlTx) -> accounts.SignedUp:
        return accounts.create_account(tx, username, password_hash, real_name, phone_number)

    print_table(("account", "account id"), [(username, transact(config, work).account_id)])


@app.command(name="list")
def list_accounts(*, config: HiddenSettings = Config()) -> None:
    """All accounts, by name."""

    def work(tx: SqlTx) -> list[tuple[str, ...]]:
        found = tx.sql("SELECT username, account_id, real_name, created_ms FROM accounts ORDER BY username")
        return [
            (name, account_id, real_name or "", _day(created_ms)) for name, account_id, real_name, created_ms in found
        ]

    print_table(("account", "account id", "name", "created"), transact(config, work))


@app.command
def show(username: str, /, *, config: HiddenSettings = Config()) -> None:
    """One account, with what it holds."""

    def work(tx: SqlTx) -> list[tuple[str, str]]:
        account = of_user(tx, username)
        text = "SELECT real_name, phone_number, created_ms, epoch, head FROM accounts WHERE account = $0"
        real_name, phone_number, created_ms, epoch, head = account.sql(text)[0]
        counts = msgspec.structs.astuple(accounts.count_rows(account))
        return [
            ("account", username),
            ("account id", account.account_id),
            ("name", real_name or ""),
            ("phone number", phone_number),
            ("created", _day(created_ms)),
            ("events", f"{head} (epoch {epoch})"),
            *((table.replace("_", " "), str(count)) for table, count in zip(accounts.COUNTED, counts, strict=True)),
        ]

    print_table(("", ""), transact(config, work))


@app.command
def update(
    username: str,
    /,
    *,
    real_name: str | None = None,
    phone_number: str | None = None,
    config: HiddenSettings = Config(),
) -> None:
    """Change the name or number that apps show. Emits `updated_account`."""
    transact(config, lambda tx: accounts.update_account(of_user(tx, username), real_name, phone_number))


@app.command
def remove(username: str, /, *, yes: bool = False, config: HiddenSettings = Config()) -> None:
    """Delete an account with everything it has.

    Parameters
    ----------
    yes
        Do not ask.
    """
    if not yes and _ask(f"Delete {username} and all its messages? Type the name to confirm: ") != username:
        raise BadRequest("nothing was deleted")
    transact(config, lambda tx: accounts.remove_account(of_user(tx, username)))


@app.command
def activate(username: str, code: str, /, *, config: HiddenSettings = Config()) -> None:
    """Let the device that shows this activation code log in to an account."""
    transact(config, lambda tx: activation.approve(of_user(tx, username), code))


def _ask(question: str) -> str:
    """The answer; empty when nobody is there to give one."""
    try:
        return input(question)
    except EOFError:
        return ""


def _day(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%Y-%m-%d")
