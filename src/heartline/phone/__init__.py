"""The phone's side: an agent that plays the primary device of an account, and the radios that it can drive.

    phone = Phone(client, SimulatedRadio("radio.db", Script()), Store(Path("phone.db")))
    await phone.run()

docs/phone.md says what it promises when it, the server or the radio dies.
"""

from heartline.phone.agent import Doubt, NotPrimary, Phone
from heartline.phone.radio import Incoming, Outcome, Outgoing, Radio, Report
from heartline.phone.script import BadScript, Person, Script, Unprompted, read_script
from heartline.phone.simulated import SimulatedRadio
from heartline.phone.store import Store

__all__ = [
    "BadScript",
    "Doubt",
    "Incoming",
    "NotPrimary",
    "Outcome",
    "Outgoing",
    "Person",
    "Phone",
    "Radio",
    "Report",
    "Script",
    "SimulatedRadio",
    "Store",
    "Unprompted",
    "read_script",
]
