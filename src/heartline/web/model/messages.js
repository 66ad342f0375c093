/** The messages that somebody looks at: the open threads, what changes in them, and what the outbox knows of each. */

import { patchedMessage, targetsOf } from "./changes.js";
import { decode, decodeAll } from "./rows.js";
import { Thread } from "./thread.js";

const RECENT_MS = 60_000; // a message this young is worth a notification, even when it came while we were away
const KEPT_NEWEST = 300; // what is read of a conversation up to this depth is kept for when there is no network

export class Messages {
  #store;
  #threads = new Map();

  constructor(store) {
    this.#store = store;
  }

  /** See Store. */
  thread(conversationId) {
    let thread = this.#threads.get(conversationId);
    if (!thread) {
      thread = new Thread(conversationId, this.#sourceOf(conversationId), () => this.#threads.delete(conversationId));
      thread.addEventListener("change", () => this.#store.changed("thread", conversationId));
      this.#threads.set(conversationId, thread);
    }
    return thread;
  }

  get threads() {
    return [...this.#threads.values()];
  }

  /** A message that is shown or known to this browser. */
  async find(messageId) {
    for (const thread of this.#threads.values()) {
      const shown = thread.messages.find(({ id }) => id === messageId);
      if (shown) return shown;
    }
    const row = await this.#store.db.message(messageId);
    return row && this.#decorate(await decode(this.#store.key, "messages", row));
  }

  /** Show changes of messages (see database.js) in the threads that are open, and tell the search. */
  async apply(changes) {
    if (changes.length === 0) return;
    const puts = changes.filter(({ put }) => put);
    const decoded = await decodeAll(this.#store.key, "messages", puts.map(({ put }) => put));
    const messages = new Map(puts.map((change, at) => [change, this.#decorate(decoded[at])]));
    for (const change of changes) {
      if (change.put) this.#putMessage(change, messages.get(change));
      else this.#changeMessages(change);
    }
    this.#store.search_.change(changes);
  }

  #putMessage(change, message) {
    this.#threads.get(message.conversationId)?.put(message);
    const conversation = this.#store.conversations.get(message.conversationId);
    if (!conversation && change.offset !== undefined) this.#store.sync.missConversation(message.conversationId);
    const isNews = !change.replayed || Date.now() - message.timestamp < RECENT_MS;
    if (change.offset !== undefined && message.type === "received" && !message.read && isNews) {
      this.#store.dispatchEvent(new CustomEvent("received", { detail: { message, conversation } }));
    }
  }

  #changeMessages(change) {
    const isTarget = targetsOf(change);
    const patched = (message) =>
      change.remove ? null : this.#decorate({ ...patchedMessage(message, change.patch), pending: false, unsent: false });
    for (const thread of this.#threads.values()) thread.update(isTarget, patched);
  }

  /** What became of a message in the outbox. */
  redecorate(messageId, state) {
    for (const thread of this.#threads.values()) {
      thread.update(
        ({ id }) => id === messageId,
        (message) => ({ ...message, ...state }),
      );
    }
  }

  /** What the outbox knows of a message. */
  #decorate(message) {
    const job = this.#store.outbox.ofMessage(message.id);
    if (!job) return message;
    if (job.state === "failed") return { ...message, type: "failed", unsent: true, error: job.error };
    return { ...message, pending: true, unsent: true };
  }

  #sourceOf(conversationId) {
    const decodeMessages = async (rows) =>
      (await decodeAll(this.#store.key, "messages", rows)).map((message) => this.#decorate(message));
    return {
      page: async (offset, limit) => {
        const rows = await this.#store.api.get("/messages", { conversation_id: conversationId, offset, limit });
        if (offset < KEPT_NEWEST) await this.#store.db.change(rows.map((row) => ({ noun: "messages", put: row })));
        return decodeMessages(rows);
      },
      cached: async (limit, before) => decodeMessages(await this.#store.db.messagesBefore(conversationId, limit, before)),
      unsent: async () => decodeMessages(this.#unsent(conversationId)),
      count: async () => (await this.#store.api.get("/accounts/count")).message_count,
      timestampOf: async (id) => (await this.#store.db.message(id))?.timestamp ?? this.#store.search_.timestampOf(id),
    };
  }

  /** Rows of messages that the server does not have. */
  #unsent(conversationId) {
    const puts = this.#store.outbox.jobs.flatMap(({ changes }) => changes.map(({ noun, put }) => noun === "messages" && put));
    return puts.filter((row) => row && row.device_conversation_id === conversationId);
  }
}
