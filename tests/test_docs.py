"""The pages that are made from the code are those that the code would make now."""

import importlib.util
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
