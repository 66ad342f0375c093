"""The web client: the files below `heartline/web`, as they are, and the rules by which a browser runs them.

Every file is checked for a newer one when it is used (`no-cache` and an ETag, 304 when it is the same), so that after an
upgrade no page mixes two versions. The service worker keeps a whole version in the browser; it is told here of which
files that consists.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

FILES = Path(__file__).parent.parent / "web"
PAGE = "/index.html"
SERVICE_WORKER = "/service-worker.js"

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
"""What is served; a file with another ending is not."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob:",  # decrypted pictures
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class File(NamedTuple):
    body: bytes
    media_type: str
    etag: str


class WebClient:
    """The files by their paths, read once."""

    def __init__(self, folder: Path = FILES) -> None:
        self._files = dict(_read(folder))
        if SERVICE_WORKER in self._files:
            self._files[SERVICE_WORKER] = self._complete(self._files[SERVICE_WORKER])

    @property
    def paths(self) -> list[str]:
        return list(self._files)

    async def answer(self, http: Request) -> Response:
        """The file of a path, which must be one of `paths`."""
        return _reply(http, self._files[http.scope["path"].rstrip("/")])

    async def answer_page(self, http: Request) -> Response | None:
        """The page for who understands HTML, or None: programs such as curl get a text instead."""
        if PAGE not in self._files or "text/html" not in http.headers.get("accept", ""):
            return None
        response = _reply(http, self._files[PAGE])
        response.headers["vary"] = "accept"
        return response

    def _complete(self, worker: File) -> File:
        """The service worker with the names and ETags of all files, so that it is a new one when any of them is."""
        etags = {path: file.etag for path, file in sorted(self._files.items()) if path != SERVICE_WORKER}
        version = hashlib.sha256(json.dumps(etags).encode() + worker.body).hexdigest()[:16]
        head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(etags)};\n"
        return _file(head.encode() + worker.body, worker.media_type)


def _reply(http: Request, file: File) -> Response:
    headers = HEADERS | {"etag": file.etag}
    if _is_known(file.etag, http.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


def _read(folder: Path) -> Iterator[tuple[str, File]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in MEDIA_TYPES and path.is_file():
            yield f"/{path.relative_to(folder).as_posix()}", _file(path.read_bytes(), MEDIA_TYPES[path.suffix])


def _file(body: bytes, media_type: str) -> File:
    return File(body, media_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _is_known(etag: str, if_none_match: str) -> bool:
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in known or "*" in known
