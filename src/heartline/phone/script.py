"""The script of a simulated radio: who answers what and when, what fails, and who writes by themselves. A TOML file:

seed = 7
sent_s = 0.5             # until the network has taken a text
delivered_s = 1.5        # until the other phone has it
remembers = true         # false: a radio that cannot say what it has sent
answers = ["Who is this?"]          # of people who have no entry; [] for none

[[people]]
number = "+15550100001"
name = "Maya"
answers = ["On my way!", "Can't talk, call you later"]     # one after the other, round and round
answer_s = 2.0           # until they answer
fails = 0.1              # share of the texts to this number that fail

[[texts]]
sender = "+15550100001"
after_s = 5.0            # after the radio was first switched on
text = "Are you home?"
"""

import msgspec
from msgspec import Struct


class Person(Struct, forbid_unknown_fields=True):
    number: str
    name: str | None = None
    answers: list[str] = []
    answer_s: float = 2.0
    fails: float = 0.0


class Unprompted(Struct, forbid_unknown_fields=True):
    sender: str
    text: str
    after_s: float = 0.0
    group: list[str] = []
    """The others of a group, for a text to one."""


class Script(Struct, forbid_unknown_fields=True):
    seed: int = 0
    sent_s: float = 0.5
    delivered_s: float = 1.5
    remembers: bool = True
    answers: list[str] = []
    people: list[Person] = []
    texts: list[Unprompted] = []


class BadScript(ValueError):
    """A script that cannot be followed; says where."""


def read_script(text: str) -> Script:
    """Raises `BadScript`."""
    try:
        return msgspec.toml.decode(text, type=Script)
    except msgspec.MsgspecError as error:
        raise BadScript(f"the script of the radio: {error}") from None
