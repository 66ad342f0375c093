"""Who may sign up (decisions.md 17)."""

from heartline.errors import UsernameNotAllowed
from heartline.storage import SqlTx


def check_may_sign_up(tx: SqlTx, policy: str, username: str) -> None:
    """`first` lets one account in, `open` everybody, `closed` nobody, any other text the names in it, between commas.

    Runs in the transaction that creates the account, so that of two first accounts one is refused.
    """
    match policy:
        case "open":
            allowed = True
        case "closed":
            allowed = False
        case "first":
            tx.sql("UPDATE schema_version SET version = version WHERE version = 1")  # others wait here for its lock
            allowed = not tx.sql("SELECT 1 FROM accounts LIMIT 1")
        case names:
            allowed = username in (name.strip() for name in names.split(","))
    if not allowed:
        raise UsernameNotAllowed
