/** A conversation on the page: its head, its messages, and the place to write. */

import { avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { iconButton } from "./controls.js";
import { openConversationMenu } from "./conversation-menu.js";
import { showDetails } from "./details.js";
import { follow, h, oncePerFrame, replace, setText } from "./dom.js";
import { MessageList } from "./message-list.js";
import { toast } from "./toast.js";

export class ThreadView {
  constructor(app, id, messageId) {
    this.app = app;
    this.id = id;
    this.isMissing = !app.store.conversations.has(id);
    if (this.isMissing) {
      this.element = h(".empty-pane", {}, h("p", {}, app.store.ready ? "This conversation is gone." : "Loading…"));
      return;
    }
    this.thread = app.store.thread(id);
    this.messages = new MessageList(app, this.thread);
    this.composer = new Composer(app, id);
    this.head = h("header.pane-head");
    this.element = h("section.thread", {}, this.head, this.messages.element, this.composer.element);
    this.composer.acceptDrops(this.element);
    this.#updateHead();
    const update = oncePerFrame(() => this.#updateHead());
    follow(this.element, app.store, "change", ({ detail }) => {
      if (detail.what === "conversations" && (detail.id === undefined || detail.id === id)) update();
    });
    this.markRead = () => this.#markRead();
    for (const [target, type] of [[document, "visibilitychange"], [window, "focus"]]) {
      follow(this.element, target, type, this.markRead);
    }
    if (messageId) this.jumpTo(messageId);
  }

  get conversation() {
    return this.app.store.conversations.get(this.id);
  }

  shown() {
    if (this.isMissing) return;
    this.messages.shown();
    this.composer.shown();
    this.#markRead();
    if (matchMedia("(pointer: fine)").matches) this.composer.focus();
  }

  close() {
    this.composer?.close();
    this.thread?.close();
  }

  async jumpTo(messageId) {
    if (!(await this.messages.jumpTo(messageId))) toast("This message is no longer there.");
  }

  #updateHead() {
    const { conversation } = this;
    if (!conversation) return;
    this.#markRead();
    if (conversation === this.headOf) return;
    this.headOf = conversation;
    if (!this.head.firstChild) this.#makeHead();
    const { title, phoneNumbers, isGroup } = conversation;
    replace(this.mark, avatar(conversation));
    setText(this.title, title);
    const count = phoneNumbers.split(",").length;
    setText(this.subtitle, isGroup ? `${count} people` : phoneNumbers === title ? "" : phoneNumbers);
    this.element.setAttribute("aria-label", `Conversation with ${title}`);
    this.composer.setTitle(title);
  }

  #makeHead() {
    this.mark = h("span");
    this.title = h("bdi");
    this.subtitle = h("span.pane-subtitle");
    const menu = (event) => openConversationMenu(this.app, this.id, event.currentTarget);
    replace(
      this.head,
      iconButton("back", "Back to the conversations", () => this.app.go("/"), { class: "only-narrow" }),
      this.mark,
      h("div.pane-titles", {}, h("h1.pane-title", { dir: "auto" }, this.title), this.subtitle),
      iconButton("info", "Details", () => showDetails(this.app, this.id), { keys: "i" }),
      iconButton("more", "Actions for this conversation", menu, { "aria-haspopup": "menu" }),
    );
  }

  #markRead() {
    const { conversation } = this;
    if (!conversation || conversation.read || document.hidden || !document.hasFocus()) return;
    this.app.store.markRead(this.id);
  }
}
