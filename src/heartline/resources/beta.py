"""The beta programme of the original app: anybody may join and leave it, and nothing comes of it (rest.md 2.5)."""

from heartline.contract import Tx, post


@post("/beta/register")
def register_for_beta(tx: Tx) -> None:
    """Accepted and ignored. Emits nothing."""


@post("/beta/remove")
def remove_from_beta(tx: Tx) -> None:
    """Accepted and ignored. Emits nothing."""
