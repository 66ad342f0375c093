/** The list of conversations: what is shown is chosen by the chips above it; it grows as somebody scrolls. */

import { conversationRow, rowKey } from "./conversation-row.js";
import { openConversationMenu } from "./conversation-menu.js";
import { iconButton } from "./controls.js";
import { follow, h, oncePerFrame, reconcile, replace } from "./dom.js";
import { openMainMenu } from "./main-menu.js";
import { unsentList } from "./unsent-list.js";

const STEP = 60;
/** Rows that are added at a time. */
const NEAR_PX = 800;
/** How near the end of what is shown somebody must be for more to be added. */

export class ConversationList {
  constructor(app) {
    this.app = app;
    this.filter = "inbox";
    this.selected = null;
    this.shown = STEP;
    this.rows = new Map();
    this.chips = h(".chips", { role: "group", "aria-label": "Which conversations" });
    this.list = h("ul.conversations", { "aria-label": "Conversations" });
    this.note = h("p.list-note");
    this.scroller = h(".list-scroller", { onscroll: () => this.#growNearEnd() }, unsentList(app), this.list, this.note);
    this.element = h(".list-frame", {}, this.#head(), this.chips, this.scroller);
    const update = oncePerFrame(() => this.update());
    follow(this.element, app.store, "change", ({ detail }) => FOLLOWED.has(detail.what) && update());
    this.list.addEventListener("keydown", (event) => this.#moveFocus(event));
    this.list.addEventListener("contextmenu", (event) => this.#openMenu(event));
    this.update();
    setInterval(() => this.element.isConnected && this.update(), A_MINUTE_MS); // "now" moves on
  }

  #head() {
    const { go } = this.app;
    return h(
      "header.list-head",
      {},
      h("h1.spoken", {}, "Conversations"),
      iconButton("menu", "Menu", (event) => openMainMenu(this.app, event.currentTarget), { "aria-haspopup": "menu" }),
      h("button.search-entry", { type: "button", onclick: () => go("/search") }, "Search messages"),
      iconButton("compose", "New message", () => go("/new"), { keys: "n", class: "accent" }),
    );
  }

  /** The conversations of the chosen filter, in their order: pinned ones first, then the newest. */
  get conversations() {
    const wanted = this.#wanted();
    return [...this.app.store.conversations.values()]
      .filter(wanted)
      .sort((one, other) => Number(other.pinned) - Number(one.pinned) || other.timestamp - one.timestamp);
  }

  #wanted() {
    const { filter, app } = this;
    if (filter === "private") return (one) => app.lock.isOpen && one.privateNotifications;
    if (filter === "archived") return (one) => one.archive && !one.privateNotifications;
    if (filter === "unread") return (one) => !one.read && !one.archive && !one.privateNotifications;
    if (typeof filter === "number") return (one) => one.folderId === filter && !one.privateNotifications;
    return (one) => !one.archive && !one.privateNotifications;
  }

  async choose(filter) {
    if (filter === "private" && !(await this.app.lock.ask())) return;
    if (this.filter === "private" && filter !== "private") this.app.lock.close();
    this.filter = filter;
    this.shown = STEP;
    this.scroller.scrollTop = 0;
    this.update();
  }

  select(id) {
    this.selected = id;
    this.update();
  }

  update() {
    const { store } = this.app;
    if (typeof this.filter === "number" && !store.folders.has(this.filter)) this.filter = "inbox";
    this.#updateChips();
    const all = this.conversations;
    this.visible = all;
    const items = all.slice(0, this.shown).map((conversation) => this.#item(conversation));
    this.rows = new Map(items.map((item) => [item.conversation.id, item]));
    reconcile(this.list, items, ({ conversation }) => conversation.id, (item) => conversationRow(this.app, item));
    replace(this.note, all.length ? null : this.#nothing());
  }

  /** The item of last time when nothing in it is different, so that its row is left alone. */
  #item(conversation) {
    const { store } = this.app;
    const draft = conversation.id === this.selected ? "" : store.draftOf(conversation.id);
    const item = { conversation, draft, isSelected: conversation.id === this.selected };
    item.key = rowKey(item);
    const before = this.rows.get(conversation.id);
    return before && before.conversation === conversation && before.key === item.key ? before : item;
  }

  #updateChips() {
    const { store } = this.app;
    const some = (test) => [...store.conversations.values()].some(test);
    const chips = [["inbox", "All"], ["unread", "Unread"]];
    for (const folder of store.folders.values()) chips.push([folder.id, folder.name]);
    if (some(({ archive }) => archive) || this.filter === "archived") chips.push(["archived", "Archived"]);
    if (some((one) => one.privateNotifications) || this.filter === "private") chips.push(["private", "Private"]);
    const key = JSON.stringify([chips, this.filter]);
    if (key === this.chipsKey) return;
    this.chipsKey = key;
    const focused = this.chips.contains(document.activeElement) ? document.activeElement.dataset.filter : null;
    replace(
      this.chips,
      chips.map(([filter, label]) =>
        h(
          "button.chip",
          {
            type: "button",
            "data-filter": String(filter),
            "aria-pressed": String(this.filter === filter),
            onclick: () => this.choose(filter),
          },
          label,
        ),
      ),
    );
    if (focused) this.chips.querySelector(`[data-filter="${CSS.escape(focused)}"]`)?.focus();
  }

  #nothing() {
    if (!this.app.store.ready) return "Loading your conversations…";
    if (this.filter === "unread") return "You have read everything.";
    if (this.filter === "archived") return "Nothing is archived.";
    if (this.filter === "private") return "No conversation is private.";
    if (this.filter !== "inbox") return "This folder is empty.";
    return "No conversations yet. They appear once your phone has uploaded them.";
  }

  #growNearEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (this.shown >= this.visible.length || scrollTop + clientHeight < scrollHeight - NEAR_PX) return;
    this.shown += STEP;
    this.update();
  }

  #moveFocus(event) {
    const links = [...this.list.querySelectorAll(".conversation")];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key];
    if (to === undefined || at === -1) return;
    event.preventDefault();
    links[Math.max(0, Math.min(to, links.length - 1))].focus();
  }

  #openMenu(event) {
    const row = event.target.closest(".conversation");
    if (!row) return;
    event.preventDefault();
    const byKeyboard = event.clientX === 0 && event.clientY === 0;
    openConversationMenu(this.app, Number(row.dataset.id), byKeyboard ? row : { x: event.clientX, y: event.clientY });
  }

  /** Open the conversation above (-1) or below (1) the selected one. */
  step(by) {
    const at = this.visible.findIndex(({ id }) => id === this.selected);
    const next = this.visible[at === -1 ? 0 : at + by];
    if (next) this.app.go(`/c/${next.id}`);
  }

  focus() {
    const row = this.list.querySelector('[aria-current="page"]') ?? this.list.querySelector(".conversation");
    (row ?? this.chips.querySelector("button")).focus();
  }
}

const A_MINUTE_MS = 60_000;
const FOLLOWED = new Set(["conversations", "folders", "drafts", "ready", "settings"]);
