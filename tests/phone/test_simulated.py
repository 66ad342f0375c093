"""The simulated radio: people answer by a script, and a file remembers everything."""

import asyncio
from pathlib import Path

import pytest

from heartline.phone import BadScript, Incoming, Outcome, Outgoing, Person, Report, Script, SimulatedRadio, read_script
from tests.phone.conftest import WAIT_S

ANN = "+15550100001"
QUICK = {"sent_s": 0.0, "delivered_s": 0.0}


def text(reference: int, *numbers: str) -> Outgoing:
    return Outgoing(reference, numbers or (ANN,), "text/plain", "Hi")


async def news(radio: SimulatedRadio, count: int) -> list[Report | Incoming]:
    async with asyncio.timeout(WAIT_S):
        return [await radio.next() for _ in range(count)]


def test_reports_then_an_answer() -> None:
    async def test() -> None:
        script = Script(**QUICK, people=[Person("555 010 0001", answers=["one", "two"], answer_s=0.0)])
        radio = SimulatedRadio(":memory:", script)
        for reference, answer in ((1, "one"), (2, "two"), (3, "one")):
            await radio.send(text(reference))
            sent, delivered, incoming = await news(radio, 3)
            assert isinstance(sent, Report)
            assert isinstance(delivered, Report)
            assert isinstance(incoming, Incoming)
            assert [(one.reference, one.outcome) for one in (sent, delivered)] == [
                (reference, Outcome.SENT),
                (reference, Outcome.DELIVERED),
            ]
            assert (incoming.sender, incoming.numbers, incoming.content) == (ANN, (ANN,), answer)
        radio.close()

    asyncio.run(test())


def test_failures() -> None:
    async def test() -> None:
        radio = SimulatedRadio(":memory:", Script(**QUICK, people=[Person(ANN, fails=1.0)]))
        await radio.send(text(1))
        (failed,) = await news(radio, 1)
        assert isinstance(failed, Report)
        assert failed.outcome == Outcome.FAILED
        radio.close()

    asyncio.run(test())


def test_what_is_not_done_is_told_again_and_what_is_done_never(tmp_path: Path) -> None:
    async def test() -> None:
        file = tmp_path / "radio.db"
        radio = SimulatedRadio(file, Script(**QUICK))
        await radio.send(text(1))
        first, second = await news(radio, 2)
        await radio.done(first.key)
        radio.close()
        radio = SimulatedRadio(file, Script(**QUICK))
        assert await news(radio, 1) == [second]
        assert await radio.has_sent(1)
        assert await radio.has_sent(2) is False
        assert radio.sent == [text(1)]
        radio.close()

    asyncio.run(test())


def test_a_radio_without_memory_says_so() -> None:
    async def test() -> None:
        radio = SimulatedRadio(":memory:", Script(remembers=False))
        await radio.send(text(1))
        assert await radio.has_sent(1) is None
        radio.close()

    asyncio.run(test())


def test_a_script() -> None:
    script = read_script(
        """
        seed = 7
        [[people]]
        number = "+15550100001"
        answers = ["On my way!"]
        [[texts]]
        sender = "+15550100001"
        after_s = 5.0
        text = "Are you home?"
        """
    )
    assert script.people[0].answers == ["On my way!"]
    for broken in ("people = 3", "nothing = 1", "[[people]]", "x"):
        with pytest.raises(BadScript):
            read_script(broken)
