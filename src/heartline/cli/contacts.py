"""`heartline contacts`."""

from cyclopts import App

from heartline.cli.output import Json

app = App(
    name="contacts",
    help_epilogue="""
    Examples:

        heartline contacts

        heartline contacts ann --json""",
)


@app.default
def contacts(name: str = "", /, *, json: Json = False) -> None:
    """
    Parameters
    ----------
    name
        Only those whose name or number contains this.
    """
    from heartline.cli.session import run
    from heartline.cli.shown import print_json, print_rows
    from heartline.client import Client, Contact

    async def work(client: Client) -> list[Contact]:
        return await client.contacts.list()

    wanted = name.casefold()
    found = [row for row in run(work) if wanted in f"{row.name}\n{row.phone_number}".casefold()]
    found.sort(key=lambda row: (row.name or "").casefold())
    if json:
        for row in found:
            print_json(row)
    else:
        print_rows(("name", "number"), ((row.name or "", row.phone_number or "") for row in found))
