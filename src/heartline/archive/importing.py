"""Imports a file, whichever of the two kinds it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from heartline.archive.restore import Restore, Restored
from heartline.archive.sms_backup import Backup
from heartline.archive.upload import Summary, Upload
from heartline.client import Client


@dataclass(slots=True)
class Imported:
    """What an import of XML did. What of the file was not taken over is in the last four."""

    summary: Summary
    calls: int
    mended: int
    """Places where characters were repaired."""
    unreadable: list[str] = field(default_factory=list)
    problem: str | None = None
    """Why the file was not read to its end."""


async def import_file(
    client: Client, file: BinaryIO, on_progress: Callable[[], None] = lambda: None
) -> Imported | Restored:
    """Upload what a file has and the account has not. Raises `NotABackup`, `NotAnExport`, and what the client raises: then
    call it again, it goes on where it ended."""
    start = file.read(1)
    file.seek(0)
    if start == b"{":
        return await Restore(client, file, on_progress).run()
    backup = Backup(file)
    upload = Upload(client)
    await upload.prepare()
    for entry in backup.entries():
        await upload.add(entry)
        on_progress()
    summary = await upload.finish()
    return Imported(summary, backup.calls, backup.mended, backup.unreadable, backup.problem)
