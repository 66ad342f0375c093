"""Who is who: the contacts of an account, and the names that a history adds to them."""

from collections.abc import Iterable

from heartline.archive.account import Account
from heartline.archive.entries import Entry, Ids
from heartline.archive.numbers import matcher_of
from heartline.resources.contacts import AddContacts, NewContact, add_contacts, list_contacts

PAGE = 1_000
COLOURS = (-769226, -1499549, -6543440, -10011977, -12627531, -14575885, -16738680, -16728876, -11751600, -26624)
"""Of conversations and contacts that come without one: the apps' palette, signed ARGB."""


class People:
    """Names by number. The first name that is known for a number stays."""

    def __init__(self, account: Account, ids: Ids) -> None:
        self._account = account
        self._ids = ids
        self._names: dict[str, str] = {}
        self._new: list[NewContact] = []

    async def load(self) -> None:
        async for contact in self._account.rows(list_contacts, size=PAGE):
            for number in (contact.phone_number or "").split(","):
                if contact.name and number:
                    self._names.setdefault(matcher_of(number), contact.name)

    def learn(self, entry: Entry) -> None:
        """Take over the names that an entry brings."""
        for number, name in zip(entry.numbers, entry.names, strict=False):
            matcher = matcher_of(number)
            if name and matcher not in self._names:
                self._names[matcher] = name
                self._new.append(
                    NewContact(
                        device_id=self._ids.contact(number),
                        phone_number=number,
                        id_matcher=matcher,
                        name=name,
                        color=colour_of(matcher),
                    )
                )

    async def store(self) -> int:
        """Upload the contacts that are new; how many."""
        new, self._new = self._new, []
        if new:
            await self._account.call(add_contacts, AddContacts(contacts=new))
        return len(new)

    def name_of(self, number: str) -> str | None:
        return self._names.get(matcher_of(number))

    def title_of(self, numbers: Iterable[str]) -> str:
        return ", ".join(self.name_of(number) or number for number in numbers)

    def label_of(self, number: str, group: Iterable[str]) -> str:
        """What a group calls one of it: the name, as apps do; the number when it has no name, or two have the same."""
        name = self.name_of(number)
        if name is None or [self.name_of(other) for other in group].count(name) > 1:
            return number
        return name

    def number_of(self, label: str | None, group: tuple[str, ...]) -> str | None:
        """The reverse of `label_of`."""
        for number in group:
            if label in (number, self.name_of(number)):
                return number
        return label


def colour_of(matcher: str) -> int:
    return COLOURS[sum(matcher.encode()) % len(COLOURS)]
