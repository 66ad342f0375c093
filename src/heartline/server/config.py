"""Every setting of the server, once: name, type with unit, default, and its line of help.

The command line, the `HEARTLINE_*` variables, `heartline.toml`, `heartline config` and docs/configuration.md are made
from this class.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

Help = Parameter
MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Config:
    host: Annotated[str, Help(help="Address to listen on; 0.0.0.0 for all of this machine's.")] = "127.0.0.1"
    port: Annotated[
        int, Help(help="Port for REST and stream; 0 picks a free one.", validator=Number(gte=0, lte=65535))
    ] = 5050
    data: Annotated[Path, Help(help="Folder of the database, created when missing.")] = Path("data")
    signup: Annotated[
        str,
        Help(help="Who may sign up: first (while there is no account), open, closed, or user names with commas."),
    ] = "first"
    require_encryption: Annotated[
        bool, Help(help="Refuse every field that the contract calls encrypted when it is plaintext.")
    ] = False
    synchronous: Annotated[
        Literal["full", "normal"],
        Help(
            help="full: what was answered survives a power cut; normal: the last moments may not, and writing is faster."
        ),
    ] = "full"
    body_bytes: Annotated[int, Help(help="Largest request body, in bytes.", validator=Number(gte=1))] = 16 * MIB
    media_bytes: Annotated[int, Help(help="Largest request body of media/add, in bytes.", validator=Number(gte=1))] = (
        64 * MIB
    )
    retention_days: Annotated[
        int, Help(help="Days for which events can be replayed to clients that were away.", validator=Number(gte=1))
    ] = 30
    retention_events: Annotated[
        int, Help(help="Events of one account that are kept for that at most.", validator=Number(gte=100))
    ] = 100_000
    socket_buffer_bytes: Annotated[
        int, Help(help="Bytes that may wait in memory for one slow socket.", validator=Number(gte=1024))
    ] = 64 * 1024
    stall_s: Annotated[
        int, Help(help="Seconds for which a socket may take nothing before it is closed.", validator=Number(gte=3))
    ] = 40
    dead_peer_s: Annotated[
        int,
        Help(
            help="Seconds after which a peer that takes nothing more is given up without a word; longer than stall_s.",
            validator=Number(gte=3),
        ),
    ] = 50
    tls_certificate: Annotated[
        Path | None, Help(help="PEM file with the certificate chain, to serve https and wss.")
    ] = None
    tls_key: Annotated[Path | None, Help(help="PEM file with the certificate's private key.")] = None
    trusted_proxies: Annotated[
        str, Help(help="Addresses, with commas, whose X-Forwarded-For is believed; * for all.")
    ] = "127.0.0.1"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Help(help="Least severity that is logged.")] = (
        "info"
    )
    log_format: Annotated[Literal["text", "json"], Help(help="Log lines for people or for programs.")] = "text"

    @property
    def database(self) -> Path:
        return self.data / "heartline.db"
