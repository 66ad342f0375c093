"""The model of the web client without its views: what it shows of an account, and what it does to it."""

import json
from typing import Any

from playwright.sync_api import Page

from tests.conftest import Server
from tests.web.client import Client, wait_for
from tests.web.conftest import NewContext
from tests.web.phone import PASSWORD, Phone


def client_of(page: Page, phone: Phone) -> Client:
    return Client(page, phone.server.url).log_in(phone)


def test_history_appears_decrypted(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann Example", ["first", "Grüße 👋", "<script>alert(1)</script>"], pinned=True)
    group = phone.history("Chess club", ["checkmate"], numbers="+15550003333, +15550004444", color=-65536)
    client = client_of(page, phone)
    conversations = client.run("[...store.conversations.values()]")
    shown = {row["id"]: row for row in conversations}
    assert shown[ann]["title"] == "Ann Example"
    assert shown[ann]["snippet"] == "<script>alert(1)</script>"
    assert (shown[ann]["pinned"], shown[ann]["isGroup"], shown[ann]["folderId"]) == (True, False, None)
    assert (shown[group]["phoneNumbers"], shown[group]["isGroup"]) == ("+15550003333,+15550004444", True)
    assert shown[group]["color"] == -65536
    client.open_thread(ann)
    assert client.texts(ann) == ["first", "Grüße 👋", "<script>alert(1)</script>"]
    assert client.run("store.session.realName") == "Pat"


def test_a_message_is_sent_once_confirmed_and_answered(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", ["hello"])
    phone.answers["How are you?"] = "Fine, thanks"
    client = client_of(page, phone)
    client.open_thread(ann)
    client.send(ann, "How are you?")
    assert client.texts(ann)[:2] == ["hello", "How are you?"], "it shows at once"
    client.until_texts(ann, ["hello", "How are you?", "Fine, thanks"])
    client.until("store.thread(it).messages[1].type === 'sent' && !store.thread(it).messages[1].pending", ann)
    assert phone.sent == [(ann, "How are you?")]
    client.until("store.conversations.get(it).snippet === 'Fine, thanks'", ann)
    client.until("!store.conversations.get(it).read", ann)
    assert ["received", "Fine, thanks"] in client.run("events")
    row = next(row for row in phone.account.get("/messages") if phone.key.open(row["data"]) == "How are you?")
    assert (row["sent_device"], row["read"], row["message_from"]) == (0, True, None)


def test_a_failure_of_the_phone_can_be_retried_under_a_new_id(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = client_of(page, phone)
    client.open_thread(ann)
    phone.broken = True
    client.send(ann, "again")
    client.until("store.thread(it).messages[0]?.type === 'failed'", ann)
    phone.broken = False
    client.run("store.retry(store.thread(it).messages[0].id)", ann)
    client.until("store.thread(it).messages.length === 1 && store.thread(it).messages[0].type === 'sent'", ann)
    assert phone.wait_sent(1) == ["again"]
    assert phone.messages(ann) == ["again"]


def test_pictures_go_both_ways(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    png = bytes.fromhex("89504e470d0a1a0a") + bytes(range(256)) * 20
    received = phone.receive_file(ann, png, "image/png")
    client = client_of(page, phone)
    client.open_thread(ann)
    read = """store.media(it).then(async (blob) => [blob.type, [...new Uint8Array(await blob.arrayBuffer())]])"""
    kind, data = client.run(read, received)
    assert (kind, bytes(data)) == ("image/png", png)
    client.run("store.send(it, {files: [new File([new Uint8Array([1, 2, 3])], 'a.gif', {type: 'image/gif'})]})", ann)
    phone.wait_sent(1)
    client.until("store.thread(it).messages.length === 2 && store.thread(it).messages[1].type === 'sent'", ann)
    sent = phone.account.get("/messages")[0]
    assert [phone.key.open(sent[name]) for name in ("data", "mime_type")] == ["firebase -1", "image/gif"]
    media = phone.account.get(f"/media/{sent['device_id']}")["data"]
    assert phone.key.open_bytes(media) == bytes([1, 2, 3])
    assert client.run("store.conversations.get(it).snippet", ann) == "You: Picture Message"


def test_a_large_picture_is_made_small_enough_for_phones(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = client_of(page, phone)
    client.open_thread(ann)
    client.run(
        """(async () => {
          const canvas = new OffscreenCanvas(3000, 2000);
          const context = canvas.getContext("2d");
          const noise = context.createImageData(3000, 2000);
          for (let at = 0; at < noise.data.length; at += 1) noise.data[at] = Math.random() * 256;
          context.putImageData(noise, 0, 0);
          const blob = await canvas.convertToBlob({ type: "image/png" });
          if (blob.size < 1_000_000) throw new Error(`too small for this test: ${blob.size}`);
          await store.send(it, { files: [new File([blob], "big.png", { type: "image/png" })] });
        })()""",
        ann,
    )
    phone.wait_sent(1)
    sent = phone.account.get("/messages")[0]
    assert phone.key.open(sent["mime_type"]) == "image/jpeg"
    media = phone.key.open_bytes(phone.account.get(f"/media/{sent['device_id']}")["data"])
    assert media[:2] == b"\xff\xd8"
    assert len(media) <= 1_000_000


def test_a_new_number_goes_through_the_phone_encrypted(page: Page, phone: Phone) -> None:
    client = client_of(page, phone)
    with phone.account.stream() as stream:
        assert client.run("store.sendToNew(['+15550009999'], {text: 'hi there'})") is None
        name, content = stream.operation()
    assert name == "forward_to_phone"
    assert content["sent_device"] == 0
    assert [phone.key.open(content[key]) for key in ("to", "message", "mime_type")] == [
        "+15550009999",
        "hi there",
        "text/plain",
    ]
    client.until("store.findConversation(['1 (555) 000-9999']) !== undefined")
    conversation = client.run("store.findConversation(['+15550009999']).id")
    client.open_thread(conversation)
    client.until_texts(conversation, ["hi there"])
    assert client.run("store.sendToNew(['+1 555 000 9999'], {text: 'once more'})") == conversation
    assert phone.wait_sent(2) == ["hi there", "once more"]


def test_what_is_done_here_appears_on_a_second_page_and_on_the_server(new_context: NewContext, phone: Phone) -> None:
    ann, bob = phone.history("Ann", ["one"]), phone.history("Bob", ["two"], numbers="+15550005555")
    one, other = (client_of(new_context().new_page(), phone) for _ in range(2))
    steps: list[tuple[str, str]] = [
        ("store.saveDraft(it, 'half a thought')", "store.draftOf(it) === 'half a thought'"),
        ("store.saveDraft(it, 'half a thought, longer')", "store.draftOf(it) === 'half a thought, longer'"),
        ("store.saveDraft(it, '')", "store.draftOf(it) === '' && store.drafts.size === 0"),
        ("store.archive(it, true)", "store.conversations.get(it).archive"),
        ("store.archive(it, false)", "!store.conversations.get(it).archive"),
        ("store.pin(it, true)", "store.conversations.get(it).pinned"),
        ("store.mute(it, true)", "store.conversations.get(it).mute"),
        ("store.setPrivateNotifications(it, true)", "store.conversations.get(it).privateNotifications"),
        ("store.rename(it, 'Ann B.')", "store.conversations.get(it).title === 'Ann B.'"),
        ("store.recolor(it, -16711936)", "store.conversations.get(it).color === -16711936"),
        ("store.markRead(it, false)", "!store.conversations.get(it).read"),
        ("store.markRead(it, true)", "store.conversations.get(it).read"),
        ("store.saveFolder({name: 'Work'})", "[...store.folders.values()][0]?.name === 'Work'"),
        (
            "store.setFolder(it, [...store.folders.keys()][0])",
            "store.conversations.get(it).folderId === [...store.folders.keys()][0]",
        ),
        (
            "store.saveFolder({id: [...store.folders.keys()][0], name: 'Job'})",
            "[...store.folders.values()][0].name === 'Job'",
        ),
        ("store.removeFolder([...store.folders.keys()][0])", "store.folders.size === 0"),
        ("Promise.resolve()", "store.conversations.get(it).folderId === null"),
        ("store.saveTemplate({text: 'On my way'})", "[...store.templates.values()][0]?.text === 'On my way'"),
        (
            "store.saveTemplate({id: [...store.templates.keys()][0], text: 'Late'})",
            "[...store.templates.values()][0].text === 'Late'",
        ),
        ("store.removeTemplate([...store.templates.keys()][0])", "store.templates.size === 0"),
        (
            "store.saveContact({name: 'Cleo', phoneNumber: '+15550006666'})",
            "[...store.contacts.values()][0]?.name === 'Cleo'",
        ),
        (
            "store.saveContact({id: [...store.contacts.keys()][0], name: 'Cleo C.', phoneNumber: '+15550006666'})",
            "[...store.contacts.values()][0].name === 'Cleo C.'",
        ),
        ("store.removeContact([...store.contacts.keys()][0])", "store.contacts.size === 0"),
        ("store.addBlacklist({phrase: 'lottery'})", "[...store.blacklists.values()][0]?.phrase === 'lottery'"),
        ("store.removeBlacklist([...store.blacklists.keys()][0])", "store.blacklists.size === 0"),
        (
            "store.saveAutoReply({replyType: 'keyword', pattern: 'where', response: 'home'})",
            "[...store.autoReplies.values()][0]?.response === 'home'",
        ),
        ("store.removeAutoReply([...store.autoReplies.keys()][0])", "store.autoReplies.size === 0"),
        (
            "store.saveScheduledMessage({to: '+15550002222', text: 'later', timestamp: 4e12, repeat: 1})",
            "[...store.scheduledMessages.values()][0]?.text === 'later'",
        ),
        (
            "store.saveScheduledMessage({id: [...store.scheduledMessages.keys()][0], to: '+15550002222', text: 'even later',"
            " timestamp: 4e12, repeat: 0})",
            "[...store.scheduledMessages.values()][0].text === 'even later'",
        ),
        ("store.removeScheduledMessage([...store.scheduledMessages.keys()][0])", "store.scheduledMessages.size === 0"),
        ("store.setSetting('base_theme', 'dark')", "store.settings.base_theme === 'dark'"),
        ("store.setSetting('passcode', '1234')", "store.settings.passcode === '1234'"),
    ]
    for action, condition in steps:
        one.run(f"{action}.then(() => null)", ann)
        assert one.run(condition, ann), f"{action} does not show at once"
        other.until(condition, ann)
    one.until("store.pendingCount === 0")
    row = phone.account.get(f"/conversations/{ann}")
    assert (row["pinned"], row["mute"], phone.key.open(row["title"]), row["archive"]) == (True, True, "Ann B.", False)
    assert phone.key.open(phone.account.get("/accounts/settings")["passcode"]) == "1234"
    assert one.run("store.conversations.get(it).title", bob) == "Bob", "others are left alone"
    one.open()
    one.wait_live()
    for condition in ("store.conversations.get(it).pinned", "store.settings.passcode === '1234'"):
        assert one.run(condition, ann), "and after a reload"


def test_a_deletion_can_be_undone_and_is_done_otherwise(page: Page, phone: Phone) -> None:
    ann, bob = phone.history("Ann", ["one"]), phone.history("Bob", ["two"], numbers="+15550005555")
    client = client_of(page, phone)
    client.run("(window.deletion = store.deleteConversation(it), null)", ann)
    client.until("!store.conversations.has(it)", ann)
    client.run("deletion.undo()")
    client.until("store.conversations.get(it)?.title === 'Ann'", ann)
    client.run("(store.deleteConversation(it), null)", bob)
    client.until("!store.conversations.has(it) && store.pendingCount === 1", bob)
    client.open()  # the page ends before the time to undo is over
    wait_for(lambda: phone.account.get(f"/conversations/{bob}") is None)
    client.wait_live()
    assert client.run("[...store.conversations.keys()]") == [ann]
    assert phone.messages(ann) == ["one"]


def test_a_refused_action_is_undone_and_told(page: Page, phone: Phone) -> None:
    client = client_of(page, phone)
    page.route(
        "**/templates/add*", lambda route: route.fulfill(status=400, json={"error": "no", "code": "bad_request"})
    )
    client.run("store.saveTemplate({text: 'x'}).then(() => null)")
    client.until("events.some(([name]) => name === 'failed')")
    client.until("store.templates.size === 0 && store.pendingCount === 0")


def test_a_message_that_the_server_refuses_stays_and_can_be_sent_again(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = client_of(page, phone)
    client.open_thread(ann)
    page.route("**/messages/add*", lambda route: route.fulfill(status=400, json={"error": "no", "code": "bad_request"}))
    client.send(ann, "stubborn")
    client.until("store.thread(it).messages[0]?.type === 'failed'", ann)
    assert "no" in client.run("store.thread(it).messages[0].error", ann)
    client.open()
    client.open_thread(ann)
    client.until("store.thread(it).messages[0]?.type === 'failed'", ann)
    page.unroute("**/messages/add*")
    client.run("store.retry(store.thread(it).messages[0].id)", ann)
    client.until("store.thread(it).messages[0].type === 'sent' && !store.thread(it).messages[0].pending", ann)
    assert phone.wait_sent(1) == ["stubborn"]


def test_search_finds_everything_and_follows_what_happens(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", ["the needle", *(f"message number {n}" for n in range(1_199)), "The Café is open"])
    phone.receive_file(ann, b"cafe", "image/png")
    client = client_of(page, phone)
    found = client.run("store.search('cafe OPEN', {onProgress: (...at) => (window.progress ??= []).push(at)})")
    assert [(hit["text"], hit["conversationId"]) for hit in found] == [("The Café is open", ann)]
    progress = client.run("progress")
    assert progress[-1][0] == progress[-1][1] == 1202
    assert len(client.run("store.search('message number')")) == 200
    assert client.run("store.search('nothing like that')") == []
    newest = phone.receive(ann, "cafe closed")
    find = "store.search('cafe').then((found) => found.map(({text}) => text))"
    wait_for(lambda: client.run(find) == ["cafe closed", "The Café is open"])
    client.run("store.deleteMessage(it)", newest)
    wait_for(lambda: client.run(find) == ["The Café is open"])
    # The one that was found is far from the end of its thread.
    oldest = client.run("store.search('needle').then(([found]) => found)")
    client.open_thread(ann)
    assert client.run("store.thread(it[0]).loadAround(it[1])", [ann, oldest["messageId"]])
    assert client.texts(ann)[0] == "the needle"
    assert client.run("store.thread(it).atStart", ann)


def test_export_contains_all_of_it(page: Page, phone: Phone) -> None:
    phone.history("Ann", ["one", "two"])
    client = client_of(page, phone)
    exported: dict[str, list[Any]] = json.loads(client.run("store.exportAll().then((blob) => blob.text())"))
    assert [message["text"] for message in exported["messages"]] == ["two", "one"]
    assert exported["conversations"][0]["title"] == "Ann"
    assert exported["devices"][0]["primary"] is True


def test_devices_and_counts(page: Page, phone: Phone) -> None:
    phone.account.post("/devices/add", {"device": {"id": 7, "info": "Tablet", "name": "T", "primary": False}})
    client = client_of(page, phone)
    client.until("store.devices.size === 2")
    client.run("store.renameDevice(7, 'Kitchen').then(() => store.makePrimary(7)).then(() => null)")
    client.until("store.devices.get(7).primary && store.pendingCount === 0")
    assert {row["id"]: (row["name"], row["primary"]) for row in phone.account.get("/devices")}[7] == ("Kitchen", True)
    client.run("store.removeDevice(it).then(() => null)", phone.device_id)
    client.until("store.pendingCount === 0")
    assert [row["id"] for row in phone.account.get("/devices")] == [7]
    assert client.run("store.counts()")["device_count"] == 1


def test_errors_of_log_in_are_told_apart(page: Page, phone: Phone, new_context: NewContext) -> None:
    client = Client(page, phone.server.url)
    attempt = "store.logIn(it[0], it[1]).then(() => 'in', (error) => [error.kind, error.message])"
    kind, sentence = client.run(attempt, [phone.username, "wrong"])
    assert (kind, sentence) == ("wrong-password", "The user name or the password is wrong.")
    assert client.run("store.session") is None
    page.route("**/accounts/login*", lambda route: route.abort())
    assert client.run(attempt, [phone.username, PASSWORD])[0] == "unreachable"
    page.unroute("**/accounts/login*")
    sign_up = "store.signUp({username: it, password: 'p'}).then(() => 'in', (error) => error.kind)"
    assert client.run(sign_up, phone.username) == "name-taken"
    assert client.run(sign_up, f"new-{phone.username}") == "in"
    client.wait_live()
    client.run("store.logOut()")
    assert client.run(attempt, [f"new-{phone.username}", "p"]) == "in"


def test_log_out_leaves_nothing(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", ["one"])
    client = client_of(page, phone)
    client.open_thread(ann)
    client.run("store.logOut()")
    count = """new Promise((resolve) => {
      indexedDB.open("heartline").onsuccess = async ({ target: { result } }) => {
        let rows = 0;
        for (const name of result.objectStoreNames) {
          rows += await new Promise((done) => {
            result.transaction(name).objectStore(name).count().onsuccess = ({ target }) => done(target.result);
          });
        }
        resolve(rows);
      };
    })"""
    assert client.run(count) == 0
    assert client.run("[store.session, store.conversations.size, store.ready]") == [None, 0, False]
    client.open()
    assert client.run("store.session") is None


def test_a_removed_account_is_forgotten(page: Page, server: Server) -> None:
    with Phone(server) as phone:
        client = client_of(page, phone)
    phone.account.post("/accounts/remove_account")
    client.until("store.session === null")


def test_a_device_is_let_in_by_its_code(page: Page, phone: Phone) -> None:
    client = client_of(page, phone)
    ask = "/api/v1/activate"
    code = {"activation_code": "12AB34CD"}
    assert phone.server.http.get(ask, params=code).status_code == 404
    wrong = "store.approveActivation('FFFFFFFF').catch((error) => error.kind)"
    assert client.run(wrong) == "not-found"
    client.run("store.approveActivation(' 12ab34cd ')")
    assert phone.server.http.get(ask, params=code).json()["account_id"] == phone.account.id
