"""Pages that are made from the code are those that it would make now, and tests that pages name are there."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
spec = importlib.util.spec_from_file_location("docs_make", DOCS / "make.py")
assert spec is not None
assert spec.loader is not None
docs_make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(docs_make)


@pytest.mark.parametrize("name", docs_make.pages())
def test_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text() == docs_make.pages()[name], "run `make docs`"


def test_the_tests_that_the_page_of_the_log_names_are_there() -> None:
    named = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", (DOCS / "log.md").read_text())
    assert named
    tests = DOCS.parent / "tests"
    assert [name for file, name in named if f"def {name}(" not in (tests / file).read_text()] == []
