"""Accounts: signing up and in, counting, cleaning, removing (rest.md 2.1; settings have a file of their own).

An account's id is its only credential and a part of its clients' keys, like its two salts: none of them ever changes.
"""

import secrets
from typing import Annotated

import msgspec
from msgspec import Struct

from heartline.contract import Int32, Int64, Label, Limit, Mark, Operation, Request, Tx, get, operation, post
from heartline.errors import NotFound, NotImplementedHere, UserExists, WrongLogin
from heartline.passwords import hash_password, verify_password
from heartline.resources.settings import Settings, get_settings

NEVER_MS = 4_102_444_800_000
"""When subscriptions end: in the year 2100."""

CONTENT = (
    "messages",
    "media",
    "conversations",
    "contacts",
    "drafts",
    "scheduled_messages",
    "blacklists",
    "folders",
    "auto_replies",
    "templates",
)
"""Tables that cleaning an account empties."""

COUNTED = (
    "devices",
    "messages",
    "conversations",
    "drafts",
    "scheduled_messages",
    "blacklists",
    "contacts",
    "templates",
    "folders",
    "auto_replies",
)
"""Tables in the order of the fields of `Count`."""


class Login(Settings, kw_only=True):
    account_id: str
    salt1: str
    salt2: str
    phone_number: str
    name: str | None
    real_name: str | None
    subscription_expiration: int = NEVER_MS


class LogIn(Request):
    username: str
    password: str


class SignUp(Request):
    name: str
    password: str
    phone_number: Annotated[str, Mark(may_be_empty=True)]
    real_name: Annotated[str, Mark(may_be_empty=True)]


class SignedUp(Struct):
    account_id: str
    salt1: str
    salt2: str


class Success(Struct):
    success: str


class Count(Struct):
    device_count: int
    message_count: int
    conversation_count: int
    draft_count: int
    scheduled_count: int
    blacklist_count: int
    contact_count: int
    template_count: int
    folder_count: int
    auto_reply_count: int


class DismissedNotificationOf(Request):
    id: Label
    device_id: Label | None = None


class UpdateSubscription(Request):
    subscription_type: Int32 | None = None
    subscription_expiration: Int64 | None = None


@operation("removed_account")
class RemovedAccount(Operation):
    id: str


@operation("updated_account")
class UpdatedAccount(Operation):
    id: str
    real_name: str
    phone_number: str


@operation("cleaned_account")
class CleanedAccount(Operation):
    id: str


@operation("dismissed_notification")
class DismissedNotification(Operation):
    id: str
    device_id: str | None


@operation("feature_flag")
class FeatureFlag(Operation):
    """Emitted by `heartline flag`: no client can cause it."""

    id: str
    value: bool
    rollout: int


@get("/accounts", implemented=False)
def export_account(tx: Tx) -> None:
    """Not implemented: no client calls it, and a reply with everything would have no bound."""
    raise NotImplementedHere


@post("/accounts/login", public=True, runs="hasher", limit=Limit(10, 60, "username", only_failures=True))
def log_in(tx: Tx, request: LogIn) -> Login:
    """What a client needs to derive its keys, and its settings. 401 for a wrong password and an unknown user alike."""
    found = tx.sql("SELECT account_id, password_hash FROM accounts WHERE username = $1", request.username)
    account_id, stored = found[0] if found else ("", None)
    if not verify_password(stored, request.password):
        raise WrongLogin
    return login_reply(tx.bound(account_id))


def login_reply(tx: Tx) -> Login:
    text = "SELECT salt1, salt2, phone_number, real_name FROM accounts WHERE account = $0"
    salt1, salt2, phone_number, real_name = tx.sql(text)[0]
    return Login(
        account_id=tx.account_id,
        salt1=salt1,
        salt2=salt2,
        phone_number=phone_number,
        name=real_name,
        real_name=real_name,
        **msgspec.structs.asdict(get_settings(tx)),
    )


def _hash(request: SignUp) -> str:
    return hash_password(request.password)


@post("/accounts/signup", public=True, prepare=_hash, gated=True)
def sign_up(tx: Tx, request: SignUp, password_hash: str) -> SignedUp:
    """Create an account. 400 when the name is taken, 403 when the server does not let this name sign up."""
    return create_account(tx, request.name, password_hash, request.real_name, request.phone_number)


def create_account(tx: Tx, username: str, password_hash: str, real_name: str, phone_number: str) -> SignedUp:
    """Store a new account with ids, salts and a log of its own. Raises `UserExists`."""
    if tx.sql("SELECT 1 FROM accounts WHERE username = $1", username):
        raise UserExists
    account = SignedUp(account_id=secrets.token_hex(32), salt1=secrets.token_hex(64), salt2=secrets.token_hex(64))
    tx.sql(
        "INSERT INTO accounts (account, account_id, username, password_hash, salt1, salt2, real_name, phone_number, "
        "created_ms, epoch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        secrets.randbits(62),  # not the next number: that of a removed account must not come back
        account.account_id,
        username,
        password_hash,
        account.salt1,
        account.salt2,
        real_name,
        phone_number,
        tx.now_ms,
        secrets.token_hex(4),
    )
    return account


@post("/accounts/remove_account")
def remove_account(tx: Tx) -> Success:
    """Delete the account and everything it has. Emits `removed_account`, after which its sockets are closed."""
    tx.emit(RemovedAccount(id=tx.account_id))
    for table in (*CONTENT, "devices", "settings", "accounts"):
        tx.sql(f"DELETE FROM {table} WHERE account = $0")
    tx.sql("DELETE FROM cursors WHERE account = $0")
    tx.sql("DELETE FROM activations WHERE account_id = $1", tx.account_id)
    return Success("account deleted")


@post("/accounts/clean_account")
def clean_account(tx: Tx) -> Success:
    """Delete all content; account, settings and devices stay. Emits `cleaned_account`."""
    for table in CONTENT:
        tx.sql(f"DELETE FROM {table} WHERE account = $0")
    tx.emit(CleanedAccount(id=tx.account_id))
    return Success("account cleaned")


@get("/accounts/count")
def count_rows(tx: Tx) -> Count:
    """How many rows of each kind the account has."""
    counts = (f"(SELECT count(*) FROM {table} WHERE account = $0)" for table in COUNTED)
    return Count(*tx.sql(f"SELECT {', '.join(counts)}")[0])


@post("/accounts/dismissed_notification")
def dismiss_notification(tx: Tx, request: DismissedNotificationOf) -> None:
    """Tell all clients that a conversation's notification was dismissed; `id` is the conversation's, 0 for all.
    Nothing is stored. Emits `dismissed_notification`."""
    device_id = None if request.device_id is None else str(request.device_id)
    tx.emit(DismissedNotification(id=str(request.id), device_id=device_id))


@get("/accounts/view_subscription")
def view_subscription(tx: Tx) -> None:
    """404, as on the original server: there are no subscriptions to look at."""
    raise NotFound("there are no subscriptions")


@post("/accounts/update_subscription")
def update_subscription(tx: Tx, request: UpdateSubscription) -> None:
    """Accepted and ignored: everybody has a subscription for life."""


def update_account(tx: Tx, real_name: str | None, phone_number: str | None) -> None:
    """Change a person's name or number, for the command line: no client can. Emits `updated_account`."""
    for column, value in (("real_name", real_name), ("phone_number", phone_number)):
        if value is not None:
            tx.sql(f"UPDATE accounts SET {column} = $1 WHERE account = $0", value)
    name, number = tx.sql("SELECT real_name, phone_number FROM accounts WHERE account = $0")[0]
    tx.emit(UpdatedAccount(id=tx.account_id, real_name=name or "", phone_number=number))
