"""Which engine a database's URL names: `sqlite:PATH` or `postgresql://USER@HOST/NAME`."""

from pathlib import Path
from urllib.parse import urlsplit

from heartline.errors import Refusal
from heartline.storage import Storage
from heartline.storage.sqlite import SqliteStorage, open_database

SQLITE = "sqlite:"
POSTGRESQL = ("postgresql://", "postgres://")


class CannotOpen(Refusal):
    """The database cannot be opened; says why, without a password."""


def is_postgresql(url: str) -> bool:
    """Raises `CannotOpen` for a URL that names no engine."""
    if url.startswith(POSTGRESQL):
        return True
    if url.startswith(SQLITE) and len(url) > len(SQLITE):
        return False
    raise CannotOpen("the setting database must be sqlite:PATH or postgresql://USER@HOST/NAME")


def path_of(url: str) -> Path:
    """The file of an SQLite database."""
    return Path(url.removeprefix(SQLITE))


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    if not url.startswith(POSTGRESQL):
        return url.removeprefix(SQLITE)
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return f"{parts.scheme}://{name}{'@' if name else ''}{host}{parts.path}"


def prepare_database(url: str) -> None:
    """Create what is missing and bring the database to the newest schema.

    Raises `CannotOpen`, `SchemaTooNew`, `sqlite3.Error`, or `OSError` when the folder of a file cannot be made.
    """
    if not is_postgresql(url):
        open_database(path_of(url)).close()
        return
    _check_psycopg()
    import psycopg

    from heartline.storage.postgresql_connection import migrate_database

    try:
        migrate_database(url)
    except psycopg.Error as error:
        raise CannotOpen(f"cannot open {without_password(url)}: {' '.join(str(error).split())}") from error


def open_storage(url: str, *, synchronous: str = "full", connections: int = 16, watch_s: float = 2.0) -> Storage:
    """The storage of a database that was prepared. On PostgreSQL `connections` are those of one process, at most, and a
    commit of another process may be noticed so late as `watch_s`."""
    if not is_postgresql(url):
        return SqliteStorage(path_of(url), synchronous=synchronous)
    _check_psycopg()
    from heartline.storage.postgresql import PostgresqlStorage

    return PostgresqlStorage(url, synchronous=synchronous, connections=connections, watch_s=watch_s)


def _check_psycopg() -> None:
    try:
        import psycopg_pool  # noqa: F401
    except ImportError as error:
        raise CannotOpen("PostgreSQL needs the package psycopg: pip install 'heartline[postgresql]'") from error
