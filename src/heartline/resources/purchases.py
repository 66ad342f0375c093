"""Purchases, which the original app reports once at its installation (rest.md 2.14)."""

from heartline.contract import Label, Request, Tx, post


class RecordPurchase(Request):
    type: Label | None = None


@post("/purchases/record", public=True)
def record_purchase(tx: Tx, request: RecordPurchase) -> None:
    """Accepted and ignored: nothing is for sale. Needs no account, emits nothing."""
