"""`heartline serve`."""

import sys
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.markup import escape

from heartline.cli.settings import Settings
from heartline.server.config import Config
from heartline.server.logs import configure_logging
from heartline.server.run import listen
from heartline.server.run import serve as serve_until_signal

app = App(
    name="serve",
    help="""Serve the REST API and the stream on one port, until Ctrl+C.

    Every setting may also stand in a variable, such as HEARTLINE_PORT, or in heartline.toml.""",
)


@app.default
def serve(config: Settings = Config()) -> None:
    configure_logging(config.log_level, config.log_format)
    listener = listen(config.host, config.port)
    port = listener.getsockname()[1]
    serve_until_signal(config, listener, lambda: _tell(config, port))


def _tell(config: Config, port: int) -> None:
    """Say where everything is, and how the first account comes into being."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    s = "s" if config.tls_certificate else ""
    data = "" if config.data == Config.data else f" --data {config.data}"
    Console(highlight=False, soft_wrap=True).print(
        f"[bold]Heartline is running.[/bold] Ctrl+C stops it.\n"
        f"  Web client     http{s}://{host}:{port}/\n"
        f"  REST API       http{s}://{host}:{port}/api/v1  (described at /openapi.json)\n"
        f"  Notifications  ws{s}://{host}:{port}/stream?account_id=...\n"
        f"  Data           {escape(str(config.database))}\n"
        f"  New account    {escape(f'{_program()} account create NAME{data}')}"
    )


def _program() -> str:
    """How this program was called, to be called again."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m heartline"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)
