/** Search over conversations, contacts and every message. */

import { avatar } from "./avatar.js";
import { iconButton } from "./controls.js";
import { h, replace } from "./dom.js";
import { formatNumber, formatShort } from "./format.js";
import { isOwn } from "./message-items.js";

const PAUSE_MS = 200;
const PEOPLE = 8;
const BEFORE = 40;
/** Characters of a message that are shown before what was found. */

export class SearchView {
  #stop = new AbortController();

  constructor(app, text) {
    this.app = app;
    this.input = h("input.search-input", {
      type: "search",
      placeholder: "Search all messages",
      "aria-label": "Search all messages",
      autocomplete: "off",
      enterkeyhint: "search",
      value: text,
      oninput: () => this.#soon(),
      onkeydown: (event) => event.key === "ArrowDown" && this.#focusFirst(event),
    });
    this.status = h("p.list-note", { role: "status" });
    this.progress = h("progress", { hidden: true, "aria-label": "Reading your messages" });
    this.results = h(".results", { onkeydown: (event) => this.#move(event) });
    this.element = h(
      "section.page",
      { "aria-label": "Search" },
      h("header.pane-head", {}, iconButton("back", "Back to the conversations", () => app.go("/")), h("h1.spoken", {}, "Search"), this.input),
      h(".page-scroller", {}, this.progress, this.status, this.results),
    );
    if (text) this.search();
  }

  shown() {
    this.input.focus();
  }

  close() {
    this.#stop.abort();
    clearTimeout(this.timer);
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), PAUSE_MS);
  }

  async search() {
    this.#stop.abort();
    const { signal } = (this.#stop = new AbortController());
    const text = this.input.value.trim();
    if (!text) {
      replace(this.results);
      replace(this.status);
      this.progress.hidden = true;
      return;
    }
    const people = this.#people(text);
    replace(this.results, people);
    replace(this.status, "Searching…");
    try {
      const onProgress = (done, total) => !signal.aborted && this.#showProgress(done, total);
      const found = await this.app.store.search(text, { onProgress, signal });
      if (signal.aborted) return;
      const shown = found.filter(({ conversationId }) => this.#mayShow(conversationId));
      replace(this.results, people, shown.length && h("h2.result-title", {}, "Messages"), this.#messages(shown, text));
      const count = shown.length === 1 ? "1 message" : `${shown.length >= 200 ? "The newest " : ""}${shown.length} messages`;
      replace(this.status, shown.length || people ? count : "Nothing found.");
    } catch (error) {
      if (!signal.aborted) replace(this.status, error.message);
    } finally {
      if (!signal.aborted) this.progress.hidden = true;
    }
  }

  #mayShow(id) {
    const conversation = this.app.store.conversations.get(id);
    return Boolean(conversation) && (!conversation.privateNotifications || this.app.lock.isOpen);
  }

  #showProgress(done, total) {
    this.progress.hidden = done >= total;
    this.progress.max = total;
    this.progress.value = done;
    replace(this.status, `Reading your messages: ${formatNumber(done)} of ${formatNumber(total)}`);
  }

  #people(text) {
    const wanted = text.toLocaleLowerCase();
    const found = [...this.app.store.conversations.values()]
      .filter(({ id, title, phoneNumbers }) => this.#mayShow(id) && `${title} ${phoneNumbers}`.toLocaleLowerCase().includes(wanted))
      .sort((one, other) => other.timestamp - one.timestamp)
      .slice(0, PEOPLE);
    if (!found.length) return null;
    const rows = found.map((conversation) =>
      h(
        "li",
        {},
        h("a.conversation", { href: `#/c/${conversation.id}` }, avatar(conversation), h("span.row-words", {}, h("bdi.row-title", {}, conversation.title))),
      ),
    );
    return [h("h2.result-title", {}, "Conversations"), h("ul.conversations", {}, rows)];
  }

  #messages(found, text) {
    const rows = found.map((message) => {
      const conversation = this.app.store.conversations.get(message.conversationId);
      const who = isOwn(message) ? "You: " : message.from ? `${message.from}: ` : "";
      return h(
        "li",
        {},
        h(
          "a.conversation",
          { href: `#/c/${message.conversationId}/${message.messageId}` },
          avatar(conversation),
          h(
            "span.row-words",
            {},
            h("span.row-top", {}, h("bdi.row-title", {}, conversation.title), h("time.row-time", {}, formatShort(message.timestamp))),
            h("span.row-snippet.two-lines", {}, who, h("bdi", {}, marked(message.text, text))),
          ),
        ),
      );
    });
    return h("ul.conversations", {}, rows);
  }

  #focusFirst(event) {
    event.preventDefault();
    this.results.querySelector("a")?.focus();
  }

  #move(event) {
    const links = [...this.results.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
    if (to === undefined || at === -1) return;
    event.preventDefault();
    (to < 0 ? this.input : (links[to] ?? links.at(-1))).focus();
  }
}

/** The text around the first word that was looked for, with that word marked. */
function marked(text, wanted) {
  const lower = text.toLocaleLowerCase();
  const words = [wanted, ...wanted.split(/\s+/)].map((word) => word.toLocaleLowerCase());
  const word = words.find((one) => lower.includes(one));
  if (!word || lower.length !== text.length) return text;
  const at = lower.indexOf(word);
  const from = Math.max(0, at - BEFORE);
  return [from ? "…" : "", text.slice(from, at), h("mark", {}, text.slice(at, at + word.length)), text.slice(at + word.length, at + 300)];
}
