"""A simulated phone, for tests: URL FOLDER DIE_AT [name=value...]; account id and key come as a line of input."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from heartline.client import Credentials, Key, connect
from heartline.phone import Doubt, Phone, Script, SimulatedRadio, Store


async def main() -> None:
    url, folder, die_at, *options = sys.argv[1:]
    settings = dict(option.split("=", 1) for option in options)
    account_id, key = sys.stdin.readline().split()

    def on_step(step: str) -> None:
        if step == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    script = Script(sent_s=0.05, delivered_s=0.1, remembers=settings.get("remembers", "yes") == "yes")
    radio = SimulatedRadio(Path(folder) / "radio.db", script, on_air=lambda: on_step("on air"))
    async with connect(url, Credentials(account_id, Key(bytes.fromhex(key)))) as client:
        phone = Phone(
            client,
            radio,
            Store(Path(folder) / "phone.db"),
            doubt=Doubt(settings.get("doubt", "fail")),
            late_s=float(settings.get("late_s", "3600")),
            on_step=on_step,
        )
        running = asyncio.create_task(phone.run())
        await asyncio.wait([running, asyncio.create_task(phone.ready.wait())], return_when=asyncio.FIRST_COMPLETED)
        if phone.ready.is_set():
            print("ready", flush=True)
        await running


asyncio.run(main())
