/**
 * Everything that the views know: an account's rows, decrypted, and what can be done with them. See `model/` for the parts.
 *
 * Events:
 *     change        {what, id?}  what: 'session', 'ready', 'outbox', 'settings', 'thread' or the name of a collection
 *     connection    {state}      'live', 'connecting' or 'offline'
 *     received      {message, conversation}  somebody wrote, just now
 *     failed        {action, error}          something that was shown as done was refused, and is undone
 *     history-lost               all lists were fetched again
 */

import { Api, ApiError } from "./api.js";
import { open } from "./crypto.js";
import { openDatabase } from "./database.js";
import { Outbox } from "./outbox.js";
import { Search } from "./search.js";
import { applyToRows } from "./model/changes.js";
import { exporting } from "./model/export.js";
import { lists } from "./model/lists.js";
import { Media } from "./model/media.js";
import { Messages } from "./model/messages.js";
import { organising } from "./model/organising.js";
import { decodeAll, LISTS, NOUNS } from "./model/rows.js";
import { sending } from "./model/sending.js";
import { sessions } from "./model/session.js";
import { starting } from "./model/starting.js";
import { Sync } from "./model/sync.js";
import { fieldOf } from "./model/settings.js";

const SESSION_CHANNEL = "heartline-session";

export class Store extends EventTarget {
  #work = Promise.resolve();
  #messages = new Messages(this);
  #hidden = new Map();
  #channel = null;

  constructor() {
    super();
    /** @type {{username: string, accountId: string, realName: string} | null} */
    this.session = null;
    /** False until there are lists to show, from this browser or from the server. */
    this.ready = false;
    /** @type {'live' | 'connecting' | 'offline'} */
    this.connection = "connecting";
    /** As `GET accounts/settings` names them; the passcode is decrypted. */
    this.settings = {};
    this.#empty();
  }

  // --- life ---

  /** Open the database and go on with the session that is there. Needs no network. */
  async start() {
    try {
      this.db = await openDatabase();
    } catch (error) {
      this.databaseError = error;
      return;
    }
    this.#channel = new BroadcastChannel(SESSION_CHANNEL);
    this.#channel.onmessage = () => this.#followSession();
    globalThis.addEventListener("pagehide", () => this.outbox?.finish());
    await this.db.trim();
    await this.#followSession();
  }

  /** Be somebody: begin to follow their account. @param {object} session with its `key` */
  async begin(session, { isNew = false } = {}) {
    if (isNew) {
      await this.db.wipe();
      await this.db.set("session", session);
    }
    const { key, ...visible } = session;
    this.key = key;
    this.session = visible;
    this.api = new Api(session.accountId);
    this.media_ = new Media(this);
    this.outbox = new Outbox(this.db, this.api);
    this.#followOutbox();
    await this.outbox.load();
    this.search_ = new Search(key, session.accountId);
    this.sync = new Sync(this);
    await this.sync.start();
    this.changed("session");
    if (isNew) this.#channel.postMessage("changed");
  }

  /** Be nobody, and keep nothing of the account in this browser. */
  async end() {
    if (this.session === null) return;
    this.#stop();
    await this.db.wipe();
    this.#channel.postMessage("changed");
    this.changed("session");
  }

  #stop() {
    this.sync?.stop();
    this.outbox?.stop();
    this.search_?.stop();
    this.session = this.key = this.api = this.sync = this.outbox = this.search_ = this.media_ = null;
    this.ready = false;
    this.settings = {};
    this.#empty();
  }

  async #followSession() {
    const session = await this.db.get("session");
    if (session?.accountId === this.session?.accountId) return;
    if (this.session !== null) {
      this.#stop();
      this.changed("session");
    }
    if (session) await this.begin(session);
  }

  #empty() {
    this.#messages = new Messages(this);
    this.#hidden = new Map();
    this.rows = Object.fromEntries(LISTS.map((noun) => [noun, new Map()]));
    for (const noun of LISTS) this[noun] = new Map();
  }

  /** Connect now, instead of when the pause is over. */
  reconnect() {
    this.sync?.reconnect();
    this.outbox?.sendNow();
  }

  /** How many things were done here that the server does not know yet. */
  get pendingCount() {
    return this.outbox?.waiting.length ?? 0;
  }

  /** How many things were done here that log out would lose: those, and what was refused and is kept to be tried again. */
  get unsentCount() {
    return this.outbox?.jobs.length ?? 0;
  }

  // --- reading ---

  /** The open thread of a conversation; it begins to load when it is asked for the first time. */
  thread(conversationId) {
    return this.#messages.thread(conversationId);
  }

  get threads() {
    return this.#messages.threads;
  }

  /** A message that is shown or known to this browser. */
  message(messageId) {
    return this.#messages.find(messageId);
  }

  /** The file of a message. @returns {Promise<Blob>} */
  async media(messageId) {
    const message = await this.message(messageId);
    return this.media_.get(messageId, message?.mimeType ?? "application/octet-stream");
  }

  /**
   * Find messages by their words, newest first, at most 200.
   * @param {string} text
   * @param {{onProgress?: (done: number, total: number) => void, signal?: AbortSignal}} [options]
   * @returns {Promise<{conversationId: number, messageId: number, text: string, timestamp: number, from: string | null,
   *     type: string}[]>}
   */
  async search(text, options = {}) {
    return this.search_.find(text, options);
  }

  // --- changing ---

  /** Do something here at once and on the server as soon as possible. @param {object} job see outbox.js */
  async act(job) {
    return this.#show(await this.outbox.add(job));
  }

  /** Do a job again that failed. */
  async actAgain(job) {
    return this.#show(await this.outbox.retry(job));
  }

  /** Show what a job does, and then send it: else what comes back could be overwritten. */
  async #show(job) {
    if (job.changes.length > 0) await this.apply(job.changes, { persist: false });
    this.outbox?.send();
    return job;
  }

  /**
   * Make changes of rows (see database.js) in memory and, unless `persist` is false, in the database.
   * @param {object[]} changes
   * @param {{cursor?: {epoch: string, offset: number}, persist?: boolean}} [options]
   */
  apply(changes, { cursor = null, persist = true } = {}) {
    return this.#next(async () => {
      const rowChanges = changes.filter(({ noun }) => noun !== undefined);
      await this.#applyToLists(rowChanges.filter(({ noun }) => noun !== "messages"));
      await this.#messages.apply(rowChanges.filter(({ noun }) => noun === "messages"));
      for (const change of changes) await this.#applyOther(change);
      if (persist) await this.db.change(rowChanges, cursor);
    });
  }

  /** Put rows in the place of whole lists; what was done here and is not on the server yet is done again on them. */
  replace(fetched, settings = null, cursor = null) {
    return this.#next(async () => {
      const stored = { ...fetched };
      if (cursor) stored.messages = [];
      const unsent = this.outbox.waiting.flatMap(({ changes }) => changes).filter(({ noun }) => stored[noun] !== undefined);
      await this.db.replace(stored);
      await this.db.change(unsent);
      for (const [noun, rows] of Object.entries(fetched)) {
        this.rows[noun] = new Map(rows.map((row) => [row[NOUNS[noun].key], row]));
        applyToRows(this.rows[noun], NOUNS[noun].key, unsent.filter((change) => change.noun === noun));
        await this.#decodeList(noun);
      }
      if (settings) await this.setSettings(settings);
      if (cursor) await this.db.set("cursor", cursor);
    });
  }

  /** Show the rows that this browser kept. */
  restore(kept, settings) {
    return this.#next(async () => {
      for (const [noun, rows] of Object.entries(kept)) {
        this.rows[noun] = new Map(rows.map((row) => [row[NOUNS[noun].key], row]));
        await this.#decodeList(noun);
      }
      if (settings) await this.setSettings(settings, { persist: false });
    });
  }

  async setSettings(settings, { persist = true } = {}) {
    if (persist) await this.db.set("settings", settings);
    this.storedSettings = settings;
    this.settings = { ...settings, passcode: await open(this.key, settings.passcode) };
    this.changed("settings");
  }

  async #decodeList(noun) {
    const decoded = await decodeAll(this.key, noun, [...this.rows[noun].values()]);
    this[noun] = new Map(decoded.map((object) => [object.id, object]));
    if (noun === "conversations") this.#hide();
    this.changed(noun);
  }

  async #applyToLists(changes) {
    for (const noun of new Set(changes.map((change) => change.noun))) {
      const { key } = NOUNS[noun];
      const touched = applyToRows(this.rows[noun], key, changes.filter((change) => change.noun === noun));
      const rows = [...touched].map((id) => this.rows[noun].get(id)).filter(Boolean);
      const decoded = new Map((await decodeAll(this.key, noun, rows)).map((object) => [object.id, object]));
      for (const id of touched) {
        if (decoded.has(id)) this[noun].set(id, decoded.get(id));
        else this[noun].delete(id);
      }
      if (noun === "conversations") this.#hide();
      for (const id of touched) this.changed(noun, id);
    }
  }

  async #applyOther({ refresh, setting, realName, account }) {
    if (refresh) this.sync.refreshSoon(refresh);
    if (setting) await this.setSettings({ ...this.storedSettings, [fieldOf(setting.pref)]: setting.value });
    if (realName !== undefined) {
      this.session = { ...this.session, realName };
      await this.db.set("session", { ...this.session, key: this.key });
      this.changed("session");
    }
    if (account === "removed") queueMicrotask(() => this.end());
    if (account === "cleaned") this.sync.reload();
  }

  // --- the outbox ---

  #followOutbox() {
    const { outbox } = this;
    outbox.addEventListener("change", () => {
      this.#hide();
      this.changed("outbox");
    });
    outbox.addEventListener("done", ({ detail: { job } }) => this.#sent(job));
    outbox.addEventListener("failed", ({ detail: { job, error } }) => this.#failed(job, error));
    outbox.addEventListener("account-gone", () => this.end());
  }

  #sent(job) {
    if (job.messageId !== undefined) this.#messages.redecorate(job.messageId, { pending: false, unsent: false, error: null });
    if (job.whenDone) this.apply(job.whenDone);
    if (job.refreshes) this.sync?.refreshSoon(job.refreshes);
  }

  #failed(job, error) {
    if (job.messageId !== undefined) {
      this.#messages.redecorate(job.messageId, { pending: false, unsent: true, type: "failed", error: error.message });
    } else {
      const nouns = new Set(job.changes.map(({ noun }) => noun).filter((noun) => LISTS.includes(noun)));
      for (const noun of nouns) this.sync?.refreshSoon(noun);
    }
    this.dispatchEvent(new CustomEvent("failed", { detail: { action: job.action, error } }));
  }

  /** Conversations whose deletion can still be undone are not shown. */
  #hide() {
    const hides = new Set(this.outbox.waiting.map((job) => job.hides).filter((id) => id !== undefined));
    for (const [id, conversation] of this.#hidden) {
      if (hides.has(id)) continue;
      this.#hidden.delete(id);
      if (this.rows.conversations.has(id)) this.conversations.set(id, conversation);
      this.changed("conversations", id);
    }
    for (const id of hides) {
      const conversation = this.conversations.get(id);
      if (!conversation) continue;
      this.#hidden.set(id, conversation);
      this.conversations.delete(id);
      this.changed("conversations", id);
    }
  }

  // --- small things ---

  /** One change after the other: what was done here and what the stream says never mix. */
  #next(work) {
    const { api } = this; // of this session: what was meant for another comes too late
    const done = this.#work.then(() => (this.api === api && api !== null ? work() : undefined));
    this.#work = done.catch((error) => reportError(error));
    return done;
  }

  changed(what, id = undefined) {
    this.dispatchEvent(new CustomEvent("change", { detail: { what, id } }));
  }

  setConnection(state) {
    if (state === this.connection) return;
    this.connection = state;
    this.dispatchEvent(new CustomEvent("connection", { detail: { state } }));
  }

  setReady() {
    if (this.ready) return;
    this.ready = true;
    this.changed("ready");
  }

  async counts() {
    return this.api.get("/accounts/count");
  }
}

Object.assign(Store.prototype, sessions, sending, starting, organising, lists, exporting);

export { ApiError };
