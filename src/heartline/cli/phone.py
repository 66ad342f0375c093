"""`heartline phone`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.types import ExistingFile
from cyclopts.validators import Number

app = App(
    name="phone",
    help_epilogue="""
    It becomes the primary device of your account: sends what other devices ask
    for, says what became of it, and receives. There is no real radio yet; the
    simulated one plays a script of people (docs/phone.md). Ctrl+C switches it
    off; what is asked for meanwhile goes out, once, when it is on again.

    Examples:

        heartline phone

        heartline phone --script people.toml --history sms-backup.xml""",
)


@app.default
def phone(
    *,
    script: Annotated[
        ExistingFile | None, Parameter(help="Who answers what; without it everybody gets texts and nobody answers.")
    ] = None,
    history: Annotated[
        ExistingFile | None, Parameter(help="What the phone has: XML of SMS Backup & Restore, uploaded once.")
    ] = None,
    folder: Annotated[Path | None, Parameter(help="Where it keeps its memory; else a folder for each account.")] = None,
    name: Annotated[str, Parameter(help="How the device is called.")] = "Simulated phone",
    doubt: Annotated[
        Literal["fail", "resend"],
        Parameter(
            help="What becomes of a text when the phone died while handing it over and the radio cannot say whether it has "
            "it: fail (sent at most once) or resend (at least once)."
        ),
    ] = "fail",
    late_h: Annotated[
        float,
        Parameter(help="Hours after which a text that waited is reported as failed.", validator=Number(gt=0)),
    ] = 72.0,
    take_over: Annotated[
        bool, Parameter(negative=(), help="Become the primary in the place of another phone.")
    ] = False,
    plaintext: Annotated[
        bool, Parameter(help="Also send what a client of Pulse asks for in the clear, to a new number.")
    ] = True,
) -> None:
    from collections.abc import Iterator

    from rich.console import Console

    from heartline.archive.entries import Entry
    from heartline.archive.sms_backup import Backup, NotABackup
    from heartline.cli.session import run
    from heartline.client import Client
    from heartline.errors import BadRequest
    from heartline.phone import BadScript, Doubt, Phone, Script, SimulatedRadio, Store, read_script

    try:
        played = Script() if script is None else read_script(script.read_text("utf-8"))
    except (BadScript, UnicodeDecodeError) as error:
        raise BadRequest(f"{script}: {error}") from None
    console = Console(highlight=False, soft_wrap=True)

    def entries() -> Iterator[Entry]:
        if history is not None:
            with history.open("rb") as file:
                yield from Backup(file).entries()

    async def work(client: Client) -> None:
        import asyncio

        from heartline.cli.demo import show

        memory = folder or _folder_of(client.rest.account_id)
        store = Store(memory / "phone.db")
        radio = SimulatedRadio(memory / "radio.db", played)
        agent = Phone(
            client,
            radio,
            store,
            name=name,
            doubt=Doubt(doubt),
            late_s=late_h * 3600,
            take_over=take_over,
            plaintext=plaintext,
            history=entries,
        )

        async def tell() -> None:
            await agent.ready.wait()
            if agent.uploaded is not None and agent.uploaded.messages:
                console.print(f"uploaded {agent.uploaded.messages:,} messages")
            console.print(f"[bold]The phone is on.[/bold] Ctrl+C switches it off. Its memory is in {memory}")
            await show(client)

        telling = asyncio.create_task(tell())
        try:
            await agent.run()
        finally:
            telling.cancel()
            radio.close()
            store.close()

    try:
        run(work)
    except NotABackup as error:
        raise BadRequest(f"{history}: {error}") from None


def _folder_of(account_id: str) -> Path:
    """A folder of this account; its name does not tell the id, which is a secret."""
    import hashlib
    import os

    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return data / "heartline" / f"phone-{hashlib.sha256(account_id.encode()).hexdigest()[:12]}"
