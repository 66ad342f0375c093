"""What backup apps write becomes well-formed XML, wherever the chunks end."""

import io
from xml.parsers import expat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartline.archive import mended
from heartline.archive.mended import Mended


def mend(text: str | bytes) -> tuple[str, int]:
    stream = Mended(io.BytesIO(text.encode() if isinstance(text, str) else text))
    return b"".join(stream).decode(), stream.count


@pytest.mark.parametrize(
    ("broken", "whole", "count"),
    [
        ("&#55357;&#56832;", "\U0001f600", 0),
        ("&#xD83D;&#xDE00;", "\U0001f600", 0),
        ("&#55357;&#55357;&#56832;", "\ufffd\U0001f600", 1),
        ("&#56832;&#55357;", "\ufffd\ufffd", 2),
        ("&#55357; &#56832;", "\ufffd \ufffd", 2),
        ("&#0;&#8;&#x1F;&#10;", "\ufffd\ufffd\ufffd&#10;", 3),
        ("&#65535;&#1114112;&#99999999999;", "\ufffd\ufffd\ufffd", 3),
        ("a\x00b\x0bc\uffffd\te\n", "a\ufffdb\ufffdc\ufffdd\te\n", 3),
        ("this & that &nbsp; &; &#; &#x; &lt;&amp;", "this &amp; that &amp;nbsp; &amp;; &amp;#; &amp;#x; &lt;&amp;", 5),
        ("&#38;lt;", "&#38;lt;", 0),
        ("&", "&amp;", 1),
    ],
)
def test_what_is_mended(broken: str, whole: str, count: int) -> None:
    assert mend(broken) == (whole, count)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 15])
def test_chunks_may_end_anywhere(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a&#55357;&#56832;&#55357;b&amp;&c;&#10;&#xD83D;&#xDE00;& &#0;" * 3
    expected = mend(text)
    monkeypatch.setattr(mended, "CHUNK_CHARACTERS", size)
    assert mend(text) == expected


@given(st.lists(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("&#;x05d8"), st.just("&#55357;"))))
def test_whatever_comes_can_be_parsed(parts: list[str]) -> None:
    text = "".join(parts).replace("<", "").replace('"', "")
    parser = expat.ParserCreate("utf-8")
    parser.Parse(f'<a b="{mend(text)[0]}"/>'.encode(), True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_with_a_byte_order_mark(encoding: str) -> None:
    assert mend("Grüße".encode(encoding)) == ("Grüße", 0)


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert mend(b"a\xffb")[0] == "a\ufffdb"
