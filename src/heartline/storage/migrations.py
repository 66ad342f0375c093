"""The schema's history: `schema/NNN.sql`, each applied once, in order, in one transaction."""

from importlib import resources

from heartline.storage.tx import Execute


class SchemaTooNew(Exception):
    """The database was written by a newer Heartline; opening it with this one could lose what it does not know."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(f"the database has schema {found}, this Heartline knows {known}: run a newer Heartline on it")


def migrate(execute: Execute, *, overlap: int = 0) -> bool:
    """Bring the database to the newest schema; True when it had an older one. Call it inside a transaction.

    `overlap` is how many schemas newer than the newest known one are left alone. Raises `SchemaTooNew` beyond.
    """
    execute("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)", ())
    found = execute("SELECT coalesce(max(version), 0) FROM schema_version", ()).fetchall()[0][0]
    steps = sorted(
        (int(file.name.removesuffix(".sql")), file)
        for file in resources.files("heartline.storage").joinpath("schema").iterdir()
        if file.name.endswith(".sql")
    )
    known = steps[-1][0]
    if found > known + overlap:
        raise SchemaTooNew(found, known)
    for version, file in steps[found:]:
        for statement in file.read_text().split(";\n"):
            if statement.strip():
                execute(statement, ())
        execute(f"INSERT INTO schema_version (version) VALUES ({version})", ())
    return bool(found < known)
