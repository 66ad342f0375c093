/**
 * Keeps the store like the server. Look where the log stands, then fetch the lists, then ask for the operations since: so
 * there is no moment of which nobody tells. Later only operations come, from where they stopped.
 */

import { Stream } from "../stream.js";
import { changesOf } from "./operations.js";
import { LISTS, NOUNS } from "./rows.js";

const BATCH = 500; // operations that are applied and stored together
const SOON_MS = 400; // so that a burst of operations fetches a list once
const MISSED_MS = 1_500; // a message may come before its conversation
const AGAIN_MS = 3_000; // after a list could not be fetched
const BARELY_FOLLOWED = ["devices"]; // no operation tells of all their changes

export class Sync {
  #store;
  #stream = null;
  #queue = [];
  #held = 0;
  #pumping = false;
  #loading = null;
  #due = new Set();
  #missed = new Set(); // conversations
  #refreshing = null;
  #timers = new Set();
  #stopped = false;

  constructor(store) {
    this.#store = store;
  }

  async start() {
    const { db } = this.#store;
    const cursor = (await db.get("cursor")) ?? null;
    if (cursor) {
      const kept = await Promise.all(LISTS.map(async (noun) => [noun, await db.rows(noun)]));
      await this.#store.restore(Object.fromEntries(kept), await db.get("settings"));
      for (const noun of (await db.get("stale")) ?? []) this.#due.add(noun);
      this.#store.setReady();
    }
    const stream = new Stream(this.#store.session.accountId, cursor);
    this.#stream = stream;
    stream.addEventListener("operation", ({ detail }) => {
      this.#queue.push(detail);
      this.#pump();
    });
    stream.addEventListener("subscribed", () => this.reload());
    stream.addEventListener("lost", () => this.reload({ isLost: true }));
    stream.addEventListener("resumed", () => this.#resumed());
    stream.addEventListener("refused", () => this.#store.end());
    stream.addEventListener("state", () => this.#showState());
    if (globalThis.navigator.onLine === false) this.#store.setConnection("offline");
    stream.start();
  }

  stop() {
    this.#stopped = true;
    this.#stream?.stop();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  reconnect() {
    this.#stream?.reconnect();
  }

  /** Fetch everything again; operations wait until it is there. */
  reload({ isLost = false } = {}) {
    this.#loading ??= this.#reload(isLost).finally(() => {
      this.#loading = null;
      this.#showState();
    });
    this.#showState();
    return this.#loading;
  }

  /** Fetch some list again, in a moment. */
  refreshSoon(noun) {
    if (!this.#due.has(noun)) {
      this.#due.add(noun);
      this.#rememberDue();
    }
    this.#refreshing ??= this.#later(SOON_MS, () => {
      this.#refreshing = null;
      this.#refreshDue();
    });
  }

  /** A message belongs to a conversation that is not in the list: if that does not come by itself, fetch it. */
  missConversation(id) {
    if (this.#missed.has(id)) return;
    this.#missed.add(id);
    this.#later(MISSED_MS, () => {
      this.#missed.delete(id);
      if (!this.#store.rows.conversations.has(id)) this.refreshSoon("conversations");
    });
  }

  #resumed() {
    for (const noun of BARELY_FOLLOWED) this.#due.add(noun);
    this.#refreshDue();
    this.#store.setReady();
    this.#showState();
    this.#store.outbox.sendNow();
    for (const thread of this.#store.threads) if (thread.error) thread.loadLatest();
  }

  async #reload(isLost) {
    const { api, db } = this.#store;
    this.#held += 1;
    try {
      if (isLost) await db.set("cursor", null); // what is kept here must not be gone on with
      for (;;) {
        try {
          const cursor = parseCursor((await api.get("/events", { limit: 1 })).cursor);
          const [settings, ...fetched] = await Promise.all([
            api.get("/accounts/settings"),
            ...LISTS.map((noun) => this.#fetch(noun)),
          ]);
          if (this.#stopped) return;
          const rows = Object.fromEntries(LISTS.map((noun, at) => [noun, fetched[at]]));
          await this.#store.replace(rows, settings, cursor);
          this.#queue = []; // what follows the cursor comes again
          this.#stream.goOnFrom(cursor);
          break;
        } catch (error) {
          if (this.#stopped) return;
          if (error.kind === "account-gone") {
            this.#store.end();
            return;
          }
          if (!error.isTemporary) throw error;
          await new Promise((resolve) => this.#later(AGAIN_MS, resolve));
        }
      }
    } finally {
      this.#held -= 1;
      this.#pump();
    }
    this.#due.clear();
    this.#rememberDue();
    this.#store.setReady();
    this.#store.search_.reset();
    for (const thread of this.#store.threads) thread.loadLatest();
    if (isLost) this.#store.dispatchEvent(new Event("history-lost"));
  }

  async #refreshDue() {
    const nouns = [...this.#due].filter((noun) => noun !== "messages");
    if (nouns.length === 0 || this.#loading || this.#stopped) return;
    this.#due.clear();
    this.#held += 1;
    try {
      const fetched = await Promise.all(nouns.map((noun) => this.#fetch(noun)));
      if (!this.#stopped) await this.#store.replace(Object.fromEntries(nouns.map((noun, at) => [noun, fetched[at]])));
    } catch (error) {
      for (const noun of nouns) this.#due.add(noun);
      if (error.kind === "account-gone") this.#store.end();
      else if (error.isTemporary) this.#later(AGAIN_MS, () => this.#refreshDue());
    } finally {
      this.#held -= 1;
      this.#rememberDue();
      this.#pump();
    }
  }

  async #fetch(noun) {
    const { path, limit } = NOUNS[noun];
    if (limit === 0) return this.#store.api.get(path);
    const rows = [];
    for (;;) {
      const page = await this.#store.api.get(path, { limit, offset: rows.length });
      rows.push(...page);
      if (page.length < limit) return rows;
    }
  }

  async #pump() {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#queue.length > 0 && this.#held === 0 && !this.#stopped) {
        const batch = this.#queue.splice(0, BATCH);
        const { epoch, offset } = batch.at(-1);
        const changes = batch.flatMap((event) =>
          changesOf(event.operation, event.content)
            .filter((change) => !this.#isOutdated(change))
            .map((change) => ({ ...change, epoch, offset: event.offset, replayed: event.replayed })),
        );
        await this.#store.apply(changes, { cursor: { epoch, offset } });
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** A draft that is being written here is newer than what comes back of it. */
  #isOutdated({ noun, put, where }) {
    if (noun !== "drafts") return false;
    const conversationId = put?.device_conversation_id ?? where?.device_conversation_id;
    return this.#store.outbox.isSaving(`draft:${conversationId}`);
  }

  #rememberDue() {
    if (!this.#stopped) this.#store.db.set("stale", [...this.#due]);
  }

  #showState() {
    if (this.#stopped) return;
    const { state } = this.#stream;
    this.#store.setConnection(state === "open" ? (this.#loading ? "connecting" : "live") : state);
  }

  #later(ms, work) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#stopped) work();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}

function parseCursor(text) {
  const at = text.lastIndexOf(":");
  return { epoch: text.slice(0, at), offset: Number(text.slice(at + 1)) };
}
