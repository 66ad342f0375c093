"""Who is who: the contacts of an account, and the names that a history adds to them."""

from collections.abc import Coroutine, Iterable
from typing import Any

from heartline.archive.entries import Entry, Ids
from heartline.client import Client
from heartline.client.noun import pages
from heartline.client.numbers import matcher, split_numbers
from heartline.contract import Page
from heartline.resources.contacts import AddContacts, Contact, NewContact, add_contacts, list_contacts

PAGE = 1_000
COLOURS = (-769226, -1499549, -6543440, -10011977, -12627531, -14575885, -16738680, -16728876, -11751600, -26624)
"""Of conversations and contacts that come without one: the apps' palette, signed ARGB."""


class People:
    """Names by number. The first name that is known for a number stays."""

    def __init__(self, client: Client, ids: Ids) -> None:
        self._client = client
        self._ids = ids
        self._names: dict[str, str] = {}
        self._new: list[NewContact] = []

    async def load(self) -> None:
        def read(limit: int, offset: int) -> Coroutine[Any, Any, list[Contact]]:
            return self._client.call(list_contacts, Page(limit=limit, offset=offset))

        async for page in pages(read, PAGE):
            for contact in page:
                numbers = split_numbers(contact.phone_number or "")
                if contact.name and len(numbers) == 1:  # a group of contacts is one with several
                    self._names.setdefault(matcher(numbers[0]), contact.name)

    def learn(self, entry: Entry) -> None:
        """Take over the names that an entry brings."""
        for number, name in zip(entry.numbers, entry.names, strict=False):
            key = matcher(number)
            if name and key not in self._names:
                self._names[key] = name
                self._new.append(
                    NewContact(
                        device_id=self._ids.contact(number),
                        phone_number=number,
                        id_matcher=key,
                        name=name,
                        color=colour_of(key),
                    )
                )

    async def store(self) -> int:
        """Upload the contacts that are new; how many."""
        new, self._new = self._new, []
        if new:
            await self._client.call(add_contacts, AddContacts(contacts=new))
        return len(new)

    def name_of(self, number: str) -> str | None:
        return self._names.get(matcher(number))

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


def colour_of(id_matcher: str) -> int:
    return COLOURS[sum(id_matcher.encode()) % len(COLOURS)]
