"""`heartline demo`."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

if TYPE_CHECKING:
    from rich.console import Console

    from heartline.client import Client
    from heartline.phone.demo import Demo

app = App(
    name="demo",
    help_epilogue="""
    A server with an account `demo`, and a simulated phone that has weeks of
    texts and knows people who answer. Everything is in a temporary folder, and
    is gone after Ctrl+C.

    Examples:

        heartline demo

        heartline demo --port 8080 --seed 7""",
)


@app.default
def demo(
    *,
    port: Annotated[
        int | None,
        Parameter(help="Port of the server; else 5050, or a free one.", validator=Number(gte=0, lte=65535)),
    ] = None,
    seed: Annotated[int, Parameter(help="Another number, another history.")] = 1,
    password: Annotated[str | None, Parameter(help="The password of the account; else it is made up.")] = None,
) -> None:
    import asyncio
    import secrets
    import signal

    from rich.console import Console

    from heartline.phone.demo import Demo

    console = Console(highlight=False, soft_wrap=True)
    chosen = password or f"{secrets.choice(FIRST)}-{secrets.choice(SECOND)}-{secrets.randbelow(90) + 10}"

    async def run() -> None:
        running = asyncio.current_task()
        assert running is not None
        # A closed terminal must not leave a server behind, either.
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(ending, running.cancel)
        console.print("Starting a server and a phone...")
        async with Demo(port=port, seed=seed, password=chosen) as demo, asyncio.TaskGroup() as tasks:
            _tell(console, demo)
            tasks.create_task(demo.wait())
            tasks.create_task(show(demo.client))

    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        console.print("The demo is over; nothing of it is left.")


FIRST = ("amber", "brave", "clever", "dusty", "early", "gentle", "lucky", "merry", "quiet", "sunny")
SECOND = ("badger", "comet", "falcon", "harbor", "kettle", "meadow", "otter", "piano", "river", "walnut")


def _tell(console: "Console", demo: "Demo") -> None:
    """Say where to look, and what to type."""
    from heartline.cli.serve import program

    heartline = program()
    account_id = demo.client.rest.account_id
    console.print(
        f"[bold]The demo is running.[/bold] Ctrl+C ends it, and removes it.\n"
        f"  Web page       {demo.url}/\n"
        f"  Account        {demo.username}\n"
        f"  Password       [bold]{demo.password}[/bold]\n"
        f"  REST API       {demo.url}/api/v1  (described at /openapi.json)\n"
        f"  Notifications  {demo.url.replace('http', 'ws', 1)}/stream?account_id={account_id}\n\n"
        f"In a second terminal:\n"
        f"  echo {demo.password} | {heartline} login {demo.username} --server {demo.url}\n"
        f"  {heartline} conversations\n"
        f'  {heartline} send "Maya Lindqvist" "Coffee at four?"\n\n'
        f"and watch here what happens:"
    )


async def show(client: "Client") -> None:
    """Show texts as they come and go."""
    from heartline.cli.tail import Shown

    shown = await Shown.of(client)
    async for event in client.events():
        await shown.show(event)
