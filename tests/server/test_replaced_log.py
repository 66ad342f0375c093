"""A database that is put back to an older state, while clients are connected."""

from tests.command_line import run_command
from tests.conftest import NewServer, query


def test_connected_clients_come_back_and_are_told_when_a_backup_was_restored(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    with (
        account.stream(subprotocols=["actioncable-v1-json"]) as told,
        account.stream() as old,
    ):
        run_command("restored", server=server)
        assert told.frame() == {"type": "disconnect", "reason": "server_restart", "reconnect": True}
        assert told.close_code() == 1001
        assert old.close_code() == 1006  # an unclean end: old web clients fetch everything


def test_a_log_that_became_shorter_is_another_log(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    with account.stream() as stream:
        for n in range(3):
            account.post("/folders/add", {"folders": [{"device_id": 1, "name": f"a-:-{n}", "color": 1}]}, device_id=1)
        epochs = query(server.database, "SELECT epoch FROM accounts")
        query(server.database, 'DELETE FROM events WHERE "offset" > 0')
        query(server.database, "UPDATE accounts SET head = 0")
        assert stream.close_code() == 1006
    assert query(server.database, "SELECT epoch FROM accounts") != epochs
