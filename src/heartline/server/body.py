"""The body of a request, within its bound."""

import zlib

from starlette.requests import Request

from heartline.errors import BodyTooLarge, MalformedBody, UnsupportedEncoding


async def read_body(http: Request, limit_bytes: int) -> bytes:
    """The whole body, unpacked if it is gzipped. Raises `BodyTooLarge` as soon as it is known to be."""
    announced = http.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise BodyTooLarge(limit_bytes)
    match http.headers.get("content-encoding", "").lower():
        case "" | "identity":
            return bytes(body)
        case "gzip":
            return _unzip(bytes(body), limit_bytes)
        case _:
            raise UnsupportedEncoding


def _unzip(body: bytes, limit_bytes: int) -> bytes:
    unzipper = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = unzipper.decompress(body, limit_bytes + 1)
    except zlib.error:
        raise MalformedBody("is not valid gzip") from None
    if len(plain) > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    if not unzipper.eof:
        raise MalformedBody("is not valid gzip")
    return plain
