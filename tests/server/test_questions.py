"""Short reads in groups: each gets its own answer or its own error."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from heartline.errors import AccountIdInvalid, StorageFailure
from heartline.server.questions import GROUP, Questions
from heartline.storage.sqlite import SqliteStorage
from tests.conftest import WAIT_S


@pytest.fixture
def run(tmp_path: Any) -> Callable[[Any], None]:
    """Runs a test on a database of its own."""

    def run(test: Callable[[Questions, SqliteStorage], Any]) -> None:
        async def main() -> None:
            storage = SqliteStorage(tmp_path / "heartline.db")
            try:
                await test(Questions(storage), storage)
            finally:
                await storage.close()

        asyncio.run(main())

    return run


def test_each_gets_its_own_answer(run: Callable[[Any], None]) -> None:
    async def test(questions: Questions, _: SqliteStorage) -> None:
        asked = [questions.ask(lambda tx, n=n: tx.sql("SELECT $1 + 0", n)[0][0]) for n in range(3 * GROUP)]
        assert await asyncio.gather(*asked) == list(range(3 * GROUP))

    run(test)


def test_many_cost_few_reads(run: Callable[[Any], None]) -> None:
    async def test(questions: Questions, storage: SqliteStorage) -> None:
        transactions = await asyncio.gather(*(questions.ask(lambda tx: tx) for _ in range(2 * GROUP)))
        assert len({id(tx) for tx in transactions}) <= 3

    run(test)


def test_an_error_belongs_to_one(run: Callable[[Any], None]) -> None:
    async def test(questions: Questions, _: SqliteStorage) -> None:
        good, bad = questions.ask(lambda tx: 1), questions.ask(lambda tx: tx.bound("nobody"))
        outcomes = await asyncio.gather(good, bad, questions.ask(lambda tx: 2), return_exceptions=True)
        assert outcomes[0] == 1
        assert isinstance(outcomes[1], AccountIdInvalid)
        assert outcomes[2] == 2

    run(test)


def test_a_failing_database_fails_all_and_the_next_ones_are_asked(run: Callable[[Any], None]) -> None:
    async def test(questions: Questions, _: SqliteStorage) -> None:
        with pytest.raises(StorageFailure):
            await questions.ask(lambda tx: tx.sql("SELECT nothing FROM nowhere"))
        assert await questions.ask(lambda tx: 3) == 3

    run(test)


def test_an_error_that_nobody_foresaw_leaves_nobody_waiting(run: Callable[[Any], None]) -> None:
    async def test(questions: Questions, _: SqliteStorage) -> None:
        wrong, good = questions.ask(lambda tx: 1 // 0), questions.ask(lambda tx: 2)
        async with asyncio.timeout(WAIT_S):
            outcomes = await asyncio.gather(wrong, good, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError] * 2
        assert await questions.ask(lambda tx: 3) == 3

    run(test)


def test_who_leaves_takes_nobody_along(run: Callable[[Any], None]) -> None:
    async def test(questions: Questions, _: SqliteStorage) -> None:
        leaves = asyncio.create_task(questions.ask(lambda tx: 1))
        stays = asyncio.create_task(questions.ask(lambda tx: 2))
        await asyncio.sleep(0)
        leaves.cancel()
        assert await stays == 2

    run(test)
