"""Activation: a television or watch logs in without a keyboard (rest.md 2.2, decisions.md 15).

The device shows a code of its own making and asks for it every five seconds. A person who has the account approves the
code; the next question of the device is then answered like a login, once.
"""

from heartline.contract import Limit, Request, Tx, get, post
from heartline.errors import NotFound, WrongType
from heartline.resources.accounts import Login, login_reply

EXPIRES_MS = 10 * 60 * 1000
"""How long a code lives: twice as long as a device asks for it."""
PENDING = 1_000
"""Codes that may wait for approval at once, over all accounts; devices beyond are answered as if nobody had approved."""
CODE_CHARACTERS = 64
"""Longer than the eight characters that devices make up."""

NOT_YET = "this activation code has not been approved"


class Activate(Request):
    activation_code: str


# Devices ask 12 times a minute; guessing one of 16^8 codes within their ten minutes takes more.
@get("/activate", public=True, runs="writer", limit=Limit(attempts=30, window_s=60))
def activate(tx: Tx, request: Activate) -> Login | NotFound:
    """The login reply once the code has been approved, and 404 until then. The first question makes the code pending."""
    code = request.activation_code
    if len(code) > CODE_CHARACTERS:
        raise WrongType("activation_code")
    _forget_expired(tx)
    found = tx.sql("SELECT account_id FROM activations WHERE code = $1", code)
    if not found and tx.sql("SELECT count(*) FROM activations")[0][0] < PENDING:
        tx.sql("INSERT INTO activations (code, created_ms) VALUES ($1, $2)", code, tx.now_ms)
    if not found or found[0][0] is None:
        return NotFound(NOT_YET)  # returned, not raised: the code stays pending
    if not tx.sql("DELETE FROM activations WHERE code = $1 RETURNING code", code):
        return NotFound(NOT_YET)  # the same code was asked for at the same moment, and that request gets the login
    return login_reply(tx.bound(found[0][0]))


@post("/activate", extension=True, limit=Limit(attempts=30, window_s=60))
def approve_activation(tx: Tx, request: Activate) -> None:
    """Let the device that asks with this code log in to the account; 404 when none does."""
    approve(tx, request.activation_code)


def approve(tx: Tx, code: str) -> None:
    """Let the device that asks with this code into the transaction's account. Raises `NotFound` when none does."""
    _forget_expired(tx)
    if not tx.sql(
        "UPDATE activations SET account_id = $1 WHERE code = $2 AND account_id IS NULL RETURNING code",
        tx.account_id,
        code,
    ):
        raise NotFound("no device is waiting with this activation code")


def _forget_expired(tx: Tx) -> None:
    tx.sql("DELETE FROM activations WHERE created_ms < $1", tx.now_ms - EXPIRES_MS)
