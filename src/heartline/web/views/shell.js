/** The window: conversations on one side, whatever the place asks for on the other; in a narrow window one at a time. */

import { ConversationList } from "./conversation-list.js";
import { connectionNote } from "./connection.js";
import { follow, h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { newConversation } from "./new-conversation.js";
import { page } from "./pages.js";
import { SearchView } from "./search-view.js";
import { followShortcuts } from "./shortcuts.js";
import { ThreadView } from "./thread-view.js";

export class Shell {
  constructor(app) {
    this.app = app;
    this.list = new ConversationList(app);
    this.main = h(".main-pane", { tabindex: -1 });
    this.element = h(
      "main.shell",
      {},
      h("button.skip", { type: "button", onclick: () => this.main.focus() }, "Go to the messages"),
      h("nav.list-pane", { "aria-label": "Conversations" }, this.list.element, connectionNote(app.store)),
      this.main,
    );
    follow(this.element, app.router, "change", () => this.show());
    follow(this.element, app.store, "change", ({ detail }) => this.#followList(detail));
    followShortcuts(app, this);
    this.show();
  }

  async show() {
    const { name, args } = this.app.router.place;
    const key = `${name}/${args[0] ?? ""}`;
    if (name === "c" && key === this.key) {
      if (args[1]) this.view.jumpTo(Number(args[1]));
      return;
    }
    this.key = key;
    this.view?.close?.();
    this.view = this.#makeView(name, args);
    this.element.dataset.pane = name === "" ? "list" : "main";
    this.list.select(name === "c" ? Number(args[0]) : null);
    replace(this.main, this.view.element);
    this.view.shown?.();
  }

  #makeView(name, args) {
    switch (name) {
      case "c":
        return this.#threadView(Number(args[0]), Number(args[1]) || null);
      case "new":
        return newConversation(this.app, args[0] ?? "");
      case "search":
        return new SearchView(this.app, args[0] ?? "");
      case "p":
        return page(this.app, args[0]);
      default:
        return { element: emptyPane() };
    }
  }

  #threadView(id, messageId) {
    const conversation = this.app.store.conversations.get(id);
    if (conversation?.privateNotifications && !this.app.lock.isOpen) {
      this.app.lock.ask().then((isOpen) => {
        this.key = null;
        if (isOpen) this.show();
        else this.app.go("/", { replace: true });
      });
      return { element: emptyPane() };
    }
    return new ThreadView(this.app, id, messageId);
  }

  /** A place may be named before its conversation is known, or outlive it. */
  #followList({ what, id }) {
    if (what !== "conversations" && what !== "ready") return;
    const { name, args } = this.app.router.place;
    if (name !== "c") return;
    const known = this.app.store.conversations.has(Number(args[0]));
    if (known && this.view?.isMissing) {
      this.key = null;
      this.show();
    } else if (!known && id === Number(args[0])) this.app.go("/", { replace: true });
  }
}

function emptyPane() {
  return h(
    ".empty-pane",
    {},
    h("span.empty-mark", { "aria-hidden": "true" }, icon("heart")),
    h("h1", {}, "Your messages, here"),
    h("p.quiet-text", {}, "Choose a conversation, or start a new one."),
    h("p.quiet-text.only-wide", {}, "Press ", h("kbd", {}, "?"), " for the keys."),
  );
}
