/**
 * The messages of a thread. The thread is a window of a few hundred messages that moves as somebody scrolls; this keeps
 * what they look at in its place while the window moves, and stays at the end when they are at the end.
 */

import { iconButton } from "./controls.js";
import { follow, h, oncePerFrame, reconcile, replace, setText } from "./dom.js";
import { messageItems } from "./message-items.js";
import { openMessageMenu, renderItem } from "./message.js";
import { attempt } from "./toast.js";

const NEAR_PX = 1500;
/** How near an end of the window somebody must be for it to move. */
const AT_END_PX = 40;
const LATE_MS = 20_000;
/** How often it is looked which messages wait for the phone too long. */

export class MessageList {
  constructor(app, thread) {
    this.app = app;
    this.thread = thread;
    this.items = new Map();
    this.isAtEnd = true;
    this.list = h("ol.messages", { "aria-label": "Messages" });
    this.note = h("p.list-note");
    this.scroller = h(".message-scroller", { tabindex: 0, role: "region", "aria-label": "Messages" }, this.note, this.list);
    this.spoken = h(".spoken", { role: "log", "aria-live": "polite", "aria-label": "New messages" });
    this.newest = iconButton("down", "Go to the newest message", () => this.goToEnd(), { class: "to-newest", hidden: true });
    this.element = h(".message-frame", {}, this.scroller, this.newest, this.spoken);
    this.scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.scroller.addEventListener("keydown", (event) => this.#moveFocus(event));
    this.scroller.addEventListener("contextmenu", (event) => this.#openMenu(event));
    const update = oncePerFrame(() => this.update());
    follow(this.element, thread, "change", update);
    follow(this.element, app.store, "received", ({ detail: { message } }) => this.#speak(message));
    // What changes the height of the window or of a message (the composer grows) must not move the end away.
    const observer = new ResizeObserver(() => this.isAtEnd && this.#scrollToEnd());
    observer.observe(this.scroller);
    observer.observe(this.list);
    const timer = setInterval(() => (this.wasShown && !this.element.isConnected ? clearInterval(timer) : update()), LATE_MS);
    this.update();
  }

  shown() {
    this.wasShown = true;
    this.#scrollToEnd();
    this.#loadNearEnds();
  }

  update() {
    const { thread } = this;
    const items = messageItems(thread.messages, this.items, this.#isGroup());
    this.items = new Map(items.map((item) => [item.key, item]));
    const anchor = this.isAtEnd && thread.atEnd ? null : this.#anchor();
    reconcile(this.list, items, ({ key }) => key, (item) => renderItem(this.app, item));
    replace(this.note, this.#words());
    if (!anchor) this.#scrollToEnd();
    else if (anchor.element.isConnected) {
      this.scroller.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    }
    this.#updateNewest();
    if (thread.messages !== this.loadedFor) {
      this.loadedFor = thread.messages;
      requestAnimationFrame(() => this.#loadNearEnds());
    }
  }

  /** Show one message and put the focus on it. Resolves whether it is there. */
  async jumpTo(messageId) {
    this.isAtEnd = false;
    const isThere = await attempt(this.thread.loadAround(messageId), "Could not load the message");
    if (!isThere) return isThere === undefined;
    this.isAtEnd = false;
    this.update();
    const element = this.list.querySelector(`[data-id="${messageId}"]`);
    element?.scrollIntoView({ block: "center" });
    element?.focus({ preventScroll: true });
    element?.classList.add("found");
    return true;
  }

  async goToEnd() {
    this.isAtEnd = true;
    if (!this.thread.atEnd) await attempt(this.thread.loadLatest());
    this.#scrollToEnd();
    this.#updateNewest();
  }

  #isGroup() {
    return this.app.store.conversations.get(this.thread.conversationId)?.isGroup ?? false;
  }

  #words() {
    const { thread } = this;
    if (thread.error && !thread.messages.length) return "The messages could not be loaded. They appear when the server answers.";
    if (thread.messages.length) return thread.atStart ? null : h("span", {}, "Loading older messages…");
    return thread.loading ? "Loading…" : "No messages yet.";
  }

  /** The first message in sight, and where it is. */
  #anchor() {
    const { top } = this.scroller.getBoundingClientRect();
    const { children } = this.list;
    let low = 0;
    let high = children.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    // A day's line may be made anew; a message stays itself.
    while (children[low] && !children[low].dataset.id) low += 1;
    const element = children[low];
    return element ? { element, top: element.getBoundingClientRect().top } : null;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    this.isAtEnd = this.thread.atEnd && scrollTop + clientHeight >= scrollHeight - AT_END_PX;
    this.#updateNewest();
    this.#loadNearEnds();
  }

  #loadNearEnds() {
    const { thread } = this;
    if (thread.loading || this.isLoading || !this.element.isConnected || thread.messages.length === 0) return;
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (!thread.atStart && scrollTop < NEAR_PX) this.#load(thread.loadOlder());
    else if (!thread.atEnd && scrollTop + clientHeight > scrollHeight - NEAR_PX) this.#load(thread.loadNewer());
  }

  /** A failed load is tried again when somebody scrolls, not at once. */
  async #load(loading) {
    this.isLoading = true;
    await loading.catch(() => {});
    this.isLoading = false;
  }

  #scrollToEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #updateNewest() {
    this.newest.hidden = this.isAtEnd;
  }

  #speak(message) {
    if (message.conversationId !== this.thread.conversationId) return;
    setText(this.spoken, `${message.from ?? "New message"}: ${message.isMedia ? "a file" : message.text}`);
  }

  #moveFocus(event) {
    if (event.target !== this.scroller && !event.target.matches("li.message")) return;
    const messages = [...this.list.querySelectorAll("li.message")];
    const at = messages.indexOf(event.target);
    const to = { ArrowUp: at === -1 ? messages.length - 1 : at - 1, ArrowDown: at + 1, End: messages.length - 1, Home: 0 }[event.key];
    if (to !== undefined && messages[to]) {
      event.preventDefault();
      messages[to].focus();
    } else if (at !== -1 && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      openMessageMenu(this.app, this.#messageOf(event.target), event.target.querySelector(".bubble"));
    }
  }

  #openMenu(event) {
    const element = event.target.closest("li.message");
    if (!element || event.target.closest("a, video, audio") || String(getSelection())) return;
    event.preventDefault();
    const byKeyboard = event.clientX === 0 && event.clientY === 0;
    const anchor = byKeyboard ? element.querySelector(".bubble") : { x: event.clientX, y: event.clientY };
    openMessageMenu(this.app, this.#messageOf(element), anchor);
  }

  #messageOf(element) {
    return this.items.get(Number(element.dataset.id)).message;
  }
}
