"""From journals and the log to figures. The log is the truth: what it holds should have reached everybody, once."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from bench.journal import Journal, Kind, Place, Receipt

IN_FLIGHT_S = 2.0
"""An event that came this shortly before a cut may come again to a client that cannot say what it got."""


class Truth(NamedTuple):
    epoch: str
    offsets: Mapping[str, int]
    """Where each text stands in the log, in the order of the log."""
    known_s: Mapping[str, float]
    """When each event was certainly in the log."""


class Fault(msgspec.Struct, frozen=True):
    """One event that went wrong for one client, with what is needed to look for the reason."""

    what: str
    kind: Kind
    client: str
    offset: int
    time_s: float
    """When it was received, or for one that was lost when it was published; all times count from the run's begin."""
    before_s: float | None = None
    """When the same event had been received before."""
    ended_s: float | None = None
    """When the last connection before that time had ended."""
    confirmed_s: float | None = None
    """When the last subscription before that time was confirmed."""


class Figures(msgspec.Struct, frozen=True):
    """One row of the table."""

    kind: Kind
    clients: int
    cuts: int
    connections_ended: int
    """Cut, or ended by the death of the server."""
    expected: int
    lost: int
    duplicates: int
    late_duplicates: int
    """Those that were not in flight when a connection ended."""
    inversions: int
    rejected: int
    misplaced: int
    """Events that the log does not hold, or holds elsewhere than the frame said."""
    catch_ups: int
    """Subscriptions after which something that was missed arrived."""
    catch_up_p50_ms: float | None
    catch_up_p95_ms: float | None

    @property
    def delivered_percent(self) -> float:
        return 100.0 * (self.expected - self.lost) / max(1, self.expected)

    @property
    def acceptable(self) -> bool:
        """What issue 3 promises to this kind."""
        nothing_wrong = not (self.lost or self.inversions or self.rejected or self.misplaced)
        match self.kind:
            case Kind.ANYCABLE | Kind.RESUME:
                return nothing_wrong and not self.duplicates
            case Kind.HEART:
                return nothing_wrong and not self.late_duplicates
            case Kind.PLAIN:
                return not (self.duplicates or self.inversions or self.misplaced)


def measure(kind: Kind, journals: Sequence[Journal], truth: Truth, *, cuts: int) -> tuple[Figures, list[Fault]]:
    """The figures of all clients of one kind, and everything that went wrong."""
    faults = [fault for journal in journals for fault in _faults(journal, truth)]
    catch_ups_s = sorted(seconds for journal in journals for seconds in _catch_ups_s(journal, truth))

    def count(*what: str) -> int:
        return sum(fault.what in what for fault in faults)

    figures = Figures(
        kind=kind,
        clients=len(journals),
        cuts=cuts,
        connections_ended=sum(len(journal.ended_s) for journal in journals),
        expected=len(journals) * len(truth.offsets),
        lost=count("lost"),
        duplicates=count("duplicate", "late duplicate"),
        late_duplicates=count("late duplicate"),
        inversions=count("inversion"),
        rejected=sum(len(journal.rejected_s) for journal in journals),
        misplaced=count("misplaced"),
        catch_ups=len(catch_ups_s),
        catch_up_p50_ms=_percentile_ms(catch_ups_s, 0.50),
        catch_up_p95_ms=_percentile_ms(catch_ups_s, 0.95),
    )
    return figures, faults


def _faults(journal: Journal, truth: Truth) -> list[Fault]:
    faults: list[Fault] = []
    seen: dict[str, float] = {}
    highest = 0

    def found(what: str, offset: int, time_s: float, before_s: float | None = None) -> None:
        ended_s, confirmed_s = _last(journal.ended_s, time_s), _last(journal.confirmed_s, time_s)
        faults.append(Fault(what, journal.kind, journal.client, offset, time_s, before_s, ended_s, confirmed_s))

    for receipt in journal.received:
        offset = truth.offsets.get(receipt.text, 0)
        if _misplaced(receipt, offset, truth.epoch):
            found("misplaced", offset, receipt.time_s)
        before_s = seen.get(receipt.text)
        if before_s is not None:
            in_flight = _in_flight(journal, before_s, receipt.time_s)
            found("duplicate" if in_flight else "late duplicate", offset, receipt.time_s, before_s)
        elif offset < highest:
            found("inversion", offset, receipt.time_s)
        seen[receipt.text] = receipt.time_s
        highest = max(highest, offset)
    for text, offset in truth.offsets.items():
        if text not in seen:
            found("lost", offset, truth.known_s[text])
    return faults


def _misplaced(receipt: Receipt, offset: int, epoch: str) -> bool:
    return offset == 0 or (receipt.place is not None and receipt.place != Place(epoch, offset))


def _in_flight(journal: Journal, before_s: float, again_s: float) -> bool:
    """Whether an event that came twice came shortly before the end of a connection, and again after it."""
    ended_s = _last(journal.ended_s, again_s)
    return ended_s is not None and before_s <= ended_s <= before_s + IN_FLIGHT_S


def _catch_ups_s(journal: Journal, truth: Truth) -> list[float]:
    """For each subscription after a cut: the time from its confirmation to the last event that was missed.

    Missed is what was in the log for certain when the subscription was confirmed, and had not been received. Where some of
    it never came on this connection there is no time to tell: the loss is counted elsewhere, or the next connection's.
    """
    times_s: list[float] = []
    first_s: dict[str, float] = {}
    for receipt in journal.received:
        first_s.setdefault(receipt.text, receipt.time_s)
    for confirmed_s in journal.confirmed_s[1:]:
        ended_s = next((time_s for time_s in journal.ended_s if time_s >= confirmed_s), math.inf)
        missed_s = [
            first_s.get(text, math.inf)
            for text in truth.offsets
            if truth.known_s[text] < confirmed_s <= first_s.get(text, math.inf)
        ]
        if missed_s and max(missed_s) <= ended_s and max(missed_s) < math.inf:
            times_s.append(max(missed_s) - confirmed_s)
    return times_s


def _last(times_s: Sequence[float], until_s: float) -> float | None:
    return max((time_s for time_s in times_s if time_s <= until_s), default=None)


def _percentile_ms(sorted_s: Sequence[float], share: float) -> float | None:
    if not sorted_s:
        return None
    return round(1000 * sorted_s[math.ceil(share * len(sorted_s)) - 1], 2)
