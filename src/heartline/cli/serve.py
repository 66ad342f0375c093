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
from heartline.server.workers import serve_with_workers
from heartline.storage.engines import without_password

app = App(
    name="serve",
    help_epilogue="""
    Every setting may also stand in a variable, such as HEARTLINE_PORT, or in
    heartline.toml.""",
)


@app.default
def serve(config: Settings = Config()) -> None:
    configure_logging(config.log_level, config.log_format)
    listener = listen(config.host, config.port)
    port = listener.getsockname()[1]
    run = serve_until_signal if config.workers == 1 else serve_with_workers
    run(config, listener, lambda: _tell(config, port))


def _tell(config: Config, port: int) -> None:
    """Say where everything is, and how the first account comes into being."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    s = "s" if config.tls_certificate else ""
    data = "" if config.database or config.data == Config.data else f" --data {config.data}"
    Console(highlight=False, soft_wrap=True).print(
        f"[bold]Heartline is running.[/bold] Ctrl+C stops it.\n"
        f"  Web client     http{s}://{host}:{port}/\n"
        f"  REST API       http{s}://{host}:{port}/api/v1  (described at /openapi.json)\n"
        f"  Notifications  ws{s}://{host}:{port}/stream?account_id=...\n"
        f"  Data           {escape(without_password(config.database_url))}\n"
        f"  New account    {escape(f'{program()} account create NAME{data}')}"
    )


def program() -> str:
    """How this program was called, to be called again."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m heartline"
    return str(called.relative_to(Path.cwd()) if called.is_relative_to(Path.cwd()) else called)
