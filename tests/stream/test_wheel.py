"""Whose ping is due: everybody's, once a turn."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartline.stream.wheel import PING_INTERVAL_S, SLOTS, PingWheel
from tests.strategies import unhurried


class Socket:
    def __init__(self) -> None:
        self.pings: list[bytes] = []

    def ping(self, frame: bytes) -> None:
        self.pings.append(frame)


def turn_once(wheel: PingWheel) -> None:
    for _ in range(SLOTS):
        wheel.turn(b"ping")


@pytest.mark.parametrize("count", [1, 2, SLOTS, SLOTS + 1, 5 * SLOTS - 1])
def test_every_socket_is_pinged_once_in_a_turn(count: int) -> None:
    wheel, sockets = PingWheel(), [Socket() for _ in range(count)]
    for socket in sockets:
        wheel.add(socket)
    turn_once(wheel)
    assert [len(socket.pings) for socket in sockets] == [1] * count
    turn_once(wheel)
    assert [len(socket.pings) for socket in sockets] == [2] * count


def test_a_turn_takes_three_seconds() -> None:
    assert PING_INTERVAL_S == 3


def test_sockets_are_spread_evenly() -> None:
    wheel = PingWheel()
    slots = Counter(wheel.add(Socket()) for _ in range(3 * SLOTS))
    assert set(slots.values()) == {3}


def test_all_sockets_of_a_slot_get_the_same_bytes() -> None:
    wheel, sockets = PingWheel(), [Socket() for _ in range(2 * SLOTS)]
    for socket in sockets:
        wheel.add(socket)
    frame = bytes(bytearray(b"frame"))
    for _ in range(SLOTS):
        wheel.turn(frame)
    assert all(socket.pings[0] is frame for socket in sockets)


def test_a_removed_socket_is_pinged_no_more() -> None:
    wheel, socket = PingWheel(), Socket()
    wheel.remove(socket, wheel.add(socket))
    turn_once(wheel)
    assert socket.pings == []


def test_a_socket_can_be_pinged_in_another_way() -> None:
    wheel, before, after, gone = PingWheel(), Socket(), Socket(), Socket()
    slot = wheel.add(before)
    wheel.replace(before, after, slot)
    wheel.replace(gone, gone, slot)
    turn_once(wheel)
    assert (before.pings, after.pings, gone.pings) == ([], [b"ping"], [])


def test_turns_are_counted_for_each_slot() -> None:
    wheel = PingWheel()
    slots = [wheel.add(Socket()) for _ in range(SLOTS)]
    assert [wheel.turns(slot) for slot in slots] == [0] * SLOTS
    wheel.turn(b"ping")
    assert [wheel.turns(slot) for slot in slots] == [1] + [0] * (SLOTS - 1)
    turn_once(wheel)
    assert [wheel.turns(slot) for slot in slots] == [2] + [1] * (SLOTS - 1)


def test_removing_twice_does_no_harm() -> None:
    wheel, socket, other = PingWheel(), Socket(), Socket()
    slot = wheel.add(socket)
    wheel.add(other)
    wheel.remove(socket, slot)
    wheel.remove(socket, slot)
    turn_once(wheel)
    assert (len(socket.pings), len(other.pings)) == (0, 1)


def test_an_empty_slot_is_filled_first() -> None:
    wheel, sockets = PingWheel(), [Socket() for _ in range(SLOTS)]
    slots = [wheel.add(socket) for socket in sockets]
    wheel.remove(sockets[7], slots[7])
    assert wheel.add(Socket()) == slots[7]


def test_a_socket_that_leaves_during_the_turn_does_not_stop_it() -> None:
    wheel = PingWheel()

    class Leaver(Socket):
        slot = -1

        def ping(self, frame: bytes) -> None:
            super().ping(frame)
            wheel.remove(self, self.slot)

    sockets = [Leaver() for _ in range(3 * SLOTS)]
    for socket in sockets:
        socket.slot = wheel.add(socket)
    turn_once(wheel)
    turn_once(wheel)
    assert [len(socket.pings) for socket in sockets] == [1] * len(sockets)


@unhurried
@given(st.lists(st.sampled_from(["add", "remove", "turn"]), max_size=200), st.randoms(use_true_random=False))
def test_whoever_stays_for_a_turn_is_pinged_exactly_once_in_it(steps: list[str], random: Random) -> None:
    wheel = PingWheel()
    present: dict[Socket, int] = {}
    for step in steps:
        if step == "add":
            socket = Socket()
            present[socket] = wheel.add(socket)
        elif step == "remove" and present:
            socket = random.choice(list(present))
            wheel.remove(socket, present.pop(socket))
        elif step == "turn":
            wheel.turn(b"ping")
    before = {socket: len(socket.pings) for socket in present}
    turn_once(wheel)
    assert {socket: len(socket.pings) - before[socket] for socket in present} == dict.fromkeys(present, 1)
