/** The place to write: text, files, emoji, templates; sent now or later. Used in threads and for new conversations. */

import { iconButton } from "./controls.js";
import { follow, h, replace } from "./dom.js";
import { emojiPicker } from "./emoji.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { schedule } from "./schedule.js";
import { attempt, toast } from "./toast.js";

const DRAFT_MS = 700;
/** How long somebody pauses before what they wrote is kept as a draft. */

export class Composer {
  #draftTimer = null;

  /** For a conversation, or, without an id, for `send({text, files})` of its own. */
  constructor(app, conversationId, { send, recipients } = {}) {
    this.app = app;
    this.conversationId = conversationId;
    this.recipients = recipients ?? (() => app.store.conversations.get(conversationId));
    this.deliver = send ?? ((content) => app.store.send(conversationId, content));
    this.files = [];
    this.draft = conversationId ? app.store.draftOf(conversationId) : (app.forwarded ?? "");
    if (!conversationId) app.forwarded = "";
    this.previews = h("ul.previews", { "aria-label": "Files to send", hidden: true });
    this.text = h("textarea.compose-text", {
      rows: 1,
      placeholder: "Message",
      "aria-label": "Message",
      dir: "auto",
      autocapitalize: "sentences",
      value: this.draft,
      oninput: () => this.#typed(),
      onkeydown: (event) => this.#pressed(event),
      onpaste: (event) => this.#addFrom(event.clipboardData, event),
    });
    this.input = h("input", { type: "file", multiple: true, hidden: true, accept: "image/*,video/*,audio/*,text/vcard" });
    this.input.addEventListener("change", () => {
      this.addFiles([...this.input.files]);
      this.input.value = "";
    });
    this.sendButton = iconButton("send", "Send", () => this.send(), { class: "send" });
    this.emoji = emojiPicker((emoji) => this.insert(emoji));
    this.element = h(
      ".compose",
      { role: "group", "aria-label": "Write" },
      this.previews,
      h(
        ".compose-line",
        {},
        iconButton("plus", "Add", (event) => this.#openMenu(event.currentTarget), { "aria-haspopup": "menu" }),
        h(".compose-field", {}, this.text, this.emoji),
        this.sendButton,
        this.input,
      ),
    );
    if (conversationId) {
      follow(this.element, app.store, "change", ({ detail }) => detail.what === "drafts" && this.#followDraft());
    }
    this.#update();
  }

  setTitle(title) {
    this.text.setAttribute("aria-label", `Message to ${title}`);
  }

  /** It is on the page: a draft may need more than one line. */
  shown() {
    this.#update();
  }

  focus() {
    this.text.focus({ preventScroll: true });
  }

  close() {
    this.#saveDraft();
  }

  insert(words) {
    this.text.setRangeText(words, this.text.selectionStart, this.text.selectionEnd, "end");
    this.#typed();
    this.focus();
  }

  addFiles(files) {
    this.files.push(...files);
    this.#update();
    this.focus();
  }

  /** Files that are dropped on `area` are added. */
  acceptDrops(area) {
    area.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      area.classList.add("dropping");
    });
    for (const type of ["dragleave", "drop"]) area.addEventListener(type, () => area.classList.remove("dropping"));
    area.addEventListener("drop", (event) => this.#addFrom(event.dataTransfer, event));
  }

  /** What is written leaves the field at once; it comes back when it could not even be kept for sending. */
  async send() {
    const content = { text: this.text.value.trim(), files: this.files };
    if (!content.text && !content.files.length) return;
    clearTimeout(this.#draftTimer);
    this.text.value = this.draft = "";
    this.files = [];
    this.#update();
    this.focus();
    try {
      await this.deliver(content);
    } catch (error) {
      if (!this.text.value) this.text.value = content.text;
      this.files = content.files;
      this.#update();
      toast(error.message);
    }
  }

  #openMenu(anchor) {
    const { store } = this.app;
    const templates = [...store.templates.values()].slice(0, 12);
    openMenu(anchor, "Add", [
      { label: "Pictures and files", image: "attach", action: () => this.input.click() },
      { label: "Send later…", image: "clock", action: () => this.#schedule() },
      ...(templates.length ? [null] : []),
      ...templates.map(({ text }) => ({ label: text, image: "template", action: () => this.insert(text) })),
      null,
      { label: "Edit the templates", image: "edit", action: () => this.app.go("/p/templates") },
    ]);
  }

  async #schedule() {
    const target = this.recipients();
    if (!target?.phoneNumbers) return toast("Choose first who shall get it.");
    const message = { to: target.phoneNumbers, title: target.title, text: this.text.value.trim() };
    if (!(await schedule(this.app, message))) return undefined;
    this.text.value = "";
    this.#typed();
    return toast("It will be sent by your phone.", { label: "Show", action: () => this.app.go("/p/scheduled") });
  }

  #pressed(event) {
    const byKeyboard = matchMedia("(pointer: fine)").matches || event.ctrlKey || event.metaKey;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !byKeyboard) return;
    event.preventDefault();
    this.send();
  }

  #typed() {
    this.#update();
    if (!this.conversationId) return;
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#saveDraft(), DRAFT_MS);
  }

  #saveDraft() {
    clearTimeout(this.#draftTimer);
    const text = this.text.value;
    if (!this.conversationId || text === this.draft || !this.app.store.session) return;
    this.draft = text;
    attempt(this.app.store.saveDraft(this.conversationId, text), "Could not keep the draft");
  }

  /** A draft of another device is shown, unless somebody is writing another one here. */
  #followDraft() {
    const draft = this.app.store.draftOf(this.conversationId);
    if (draft === this.draft || this.text.value !== this.draft) return;
    this.text.value = this.draft = draft;
    this.#update();
  }

  #addFrom(transfer, event) {
    const files = [...(transfer?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.addFiles(files);
  }

  #update() {
    this.text.style.height = "auto";
    if (this.text.isConnected) this.text.style.height = `${this.text.scrollHeight}px`;
    this.sendButton.disabled = !this.text.value.trim() && !this.files.length;
    if (this.shownFiles === this.files && this.shownCount === this.files.length) return;
    this.shownFiles = this.files;
    this.shownCount = this.files.length;
    this.previews.hidden = !this.files.length;
    replace(this.previews, this.files.map((file) => this.#preview(file)));
  }

  #preview(file) {
    const picture = file.type.startsWith("image/") && h("img", { src: URL.createObjectURL(file), alt: "" });
    const remove = () => {
      this.files = this.files.filter((other) => other !== file);
      this.#update();
      this.focus();
    };
    return h(
      "li.preview",
      {},
      picture || h("span.preview-file", {}, icon("file")),
      h("span.preview-name", {}, file.name || "Picture"),
      iconButton("close", `Remove ${file.name || "the picture"}`, remove),
    );
  }
}
