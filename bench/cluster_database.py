"""What PostgreSQL takes when little else costs anything: the statements of a request that adds one event, sent by pgbench as
fast as they are answered, so that it is the database that saturates."""

import re
import subprocess
from pathlib import Path

from tests.conftest import query
from tests.postgresql import PostgresqlServer

CLIENTS = 48
"""As many as three nodes have connections."""

NUMBERS = (
    "UPDATE accounts SET account = found.number "
    "FROM (SELECT account_id, row_number() OVER () AS number FROM accounts) AS found "
    "WHERE found.account_id = accounts.account_id"
)
"""From 1 on, so that pgbench can choose one."""
WRITE = """\
\\set account random(1, {accounts})
BEGIN;
SELECT account FROM accounts WHERE account = :account FOR UPDATE;
UPDATE accounts SET head = head + 1 WHERE account = :account RETURNING head, epoch \\gset
INSERT INTO events (account, "offset", timestamp_ms, message) VALUES (:account, :head, 1, repeat('x', {size})::bytea);
COMMIT;
"""


def events_a_second(server: PostgresqlServer, url: str, accounts: int, size: int, seconds: int) -> float:
    """Events of so many bytes, each in a transaction of its own; there are so many accounts, which get new numbers."""
    query(url, NUMBERS)
    script = Path(server.folder) / "write.sql"
    script.write_text(WRITE.format(accounts=accounts, size=size))
    command = ["pgbench", "--no-vacuum", "--protocol=prepared", f"--client={CLIENTS}", f"--time={seconds}"]
    done = subprocess.run(
        [server.programs / command[0], *command[1:], f"--file={script}", url],
        capture_output=True,
        text=True,
        timeout=seconds * 3 + 60,
    )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr}")
    return float(found[1])
