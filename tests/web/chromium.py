"""Finds the browser of the tests: `make test` installs Debian's when there is none."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # root has none
    "--disable-dev-shm-usage",  # containers have little of it
    "--disable-background-timer-throttling",  # pages that are not in front are tested as well
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
]


def find_chromium() -> str:
    """The path of a Chromium. Raises `LookupError`."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise LookupError("The tests of the web client need Chromium: apt install chromium, or CHROMIUM=/its/path.")
    return found
