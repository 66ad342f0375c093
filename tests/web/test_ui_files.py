"""Files other than pictures in the web client: dropped ones, contacts, sound and video."""

import io
import wave

from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.web.phone import Phone
from tests.web.ui import Ui

CARD = b"\r\n".join(
    (
        b"BEGIN:VCARD",
        b"VERSION:3.0",
        b"FN:Zoe <b>Doe</b>",
        b"TEL;TYPE=CELL:+15557770000",
        b"EMAIL:zoe@example.org",
        b"END:VCARD",
        b"",
    )
)
DROP = """(target) => {
  const data = new DataTransfer();
  data.items.add(new File(["first"], "one.png", {type: "image/png"}));
  data.items.add(new File(["BEGIN:VCARD"], "two.vcf", {type: "text/vcard"}));
  for (const type of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def sound() -> bytes:
    """A tenth of a second of silence, as WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 1, 8000, 800, "NONE", ""))
        writer.writeframes(b"\x80" * 800)
    return file.getvalue()


def test_dropped_files_are_added(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Look"])
    Ui(page, server.url).log_in(phone).open("Ann")
    page.get_by_role("region", name="Messages").evaluate(DROP)
    files = page.get_by_role("list", name="Files to send").get_by_role("listitem")
    expect(files).to_have_count(2)
    expect(files.first).to_contain_text("one.png")
    expect(page.locator(".dropping")).to_have_count(0)


def test_a_contact_can_be_read_written_to_and_saved(page: Page, server: Server, phone: Phone) -> None:
    ann = phone.history("Ann", ["My friend:"])
    phone.receive_file(ann, CARD, "text/x-vcard")
    Ui(page, server.url).log_in(phone).open("Ann")
    person = page.locator(".vcard-person")
    expect(person.locator("strong")).to_have_text("Zoe <b>Doe</b>")
    expect(person.get_by_role("link", name="zoe@example.org")).to_have_attribute("href", "mailto:zoe@example.org")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save contact").click()
    assert saved.value.path().read_bytes() == CARD
    person.get_by_role("link", name="+15557770000").click()
    expect(page.get_by_role("list", name="Recipients")).to_contain_text("+15557770000")


def test_sound_and_video_can_be_played(page: Page, server: Server, phone: Phone) -> None:
    ann = phone.history("Ann", ["Listen"])
    phone.receive_file(ann, sound(), "audio/wav")
    phone.receive_file(ann, b"no real video", "video/mp4")
    Ui(page, server.url).log_in(phone).open("Ann")
    expect(page.get_by_label("Sound")).to_have_js_property("duration", 0.1)
    expect(page.get_by_label("Video")).to_have_attribute("controls", "")
