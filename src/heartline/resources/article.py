"""Articles: previews of web pages, which this server does not make (rest.md 2.3, decisions.md 16).

No client can call this endpoint: the app that declares it sends a body with a GET, which its HTTP library refuses.
"""

from heartline.contract import Tx, get
from heartline.errors import NotImplementedHere


@get("/article", implemented=False)
def get_article(tx: Tx) -> None:
    """Not implemented: fetching pages that a client names would let it reach the server's own network."""
    raise NotImplementedHere
