/**
 * The messages of one conversation as far as somebody looks at them: a window on the server's list, which grows at one end
 * while it is cut at the other, so that 50,000 messages cost as much as 280.
 */

import { asBefore, compareMessages } from "./rows.js";

export const PAGE = 35; // what can be decrypted, built and laid out within one frame
const WINDOW = 8 * PAGE;
const ATTEMPTS = 12; // pages tried until one joins the window, when rows were deleted or added meanwhile
const LOCATE_STEPS = 40; // halvings until the place of a message is found

/**
 * Fires `change`. `messages` is sorted, oldest first, and replaced (never changed) when something in it is different.
 *
 * The source gives `page(offset, limit)`, messages newest first as the server lists them, `cached(limit, before)`, the same
 * from this browser, `unsent()`, messages that the server did not confirm yet (all return promises).
 */
export class Thread extends EventTarget {
  #source;
  #closed;
  #newer = 0; // messages on the server that are newer than the window
  #journal = []; // what happened while a page was on its way
  #busy = Promise.resolve();

  constructor(conversationId, source, onClose) {
    super();
    this.conversationId = conversationId;
    this.#source = source;
    this.#closed = onClose;
    this.messages = [];
    this.atStart = false;
    this.atEnd = true;
    this.loading = true;
    this.error = null;
    this.ready = this.loadLatest();
  }

  /** The view is gone. */
  close() {
    this.#closed(this);
  }

  /** Show the newest messages: what is known at once, then what the server has. */
  loadLatest() {
    return this.#load(async () => {
      if (this.messages.length === 0) {
        const cached = await this.#source.cached(PAGE, null);
        this.atEnd = true;
        if (cached.length > 0) await this.#showAndUnsent(cached.reverse());
      }
      const page = await this.#source.page(0, PAGE);
      this.#newer = 0;
      this.atEnd = true;
      this.atStart = page.length < PAGE;
      await this.#showAndUnsent(page.reverse());
    });
  }

  /** Add a page of older messages. */
  loadOlder() {
    return this.#load(async () => {
      if (this.atStart) return;
      const oldest = this.#stored()[0];
      if (!oldest) return;
      let rows;
      try {
        rows = await this.#olderThan(oldest);
      } catch (error) {
        if (error.kind !== "unreachable") throw error;
        rows = await this.#source.cached(PAGE, oldest);
        if (rows.length === 0) throw error;
      }
      this.#show(rows.reverse().concat(this.messages));
      this.#cutNewest();
    });
  }

  /** Add a page of newer messages, when the window is not at the end. */
  loadNewer() {
    return this.#load(async () => {
      if (this.atEnd) return;
      const newest = this.#stored().at(-1);
      for (let attempt = 0; attempt < ATTEMPTS && !this.atEnd; attempt += 1) {
        const offset = Math.max(0, this.#newer - PAGE);
        const page = await this.#source.page(offset, this.#newer - offset + 1);
        const known = page.findIndex((message) => compareMessages(message, newest) <= 0);
        if (known < 0 && page.length > 0) {
          this.#newer += PAGE; // more came in than we heard of
          continue;
        }
        const rows = known < 0 ? [] : page.slice(0, known);
        this.#newer = offset;
        this.atEnd = offset === 0;
        await this.#showAndUnsent(this.messages.concat(rows.reverse()));
        break;
      }
      this.#cutOldest();
    });
  }

  /**
   * Show the surroundings of one message, such as one that a search found.
   * @param {number} messageId
   * @param {number} [timestamp] its time, when it is known
   * @returns {Promise<boolean>} whether it is there
   */
  async loadAround(messageId, timestamp = undefined) {
    if (this.#has(messageId)) return true;
    await this.#load(async () => {
      const target = { id: messageId, timestamp: timestamp ?? (await this.#source.timestampOf(messageId)) };
      if (target.timestamp === undefined) return;
      const place = await this.#locate(target);
      const offset = Math.max(0, place - PAGE);
      const page = await this.#source.page(offset, 2 * PAGE);
      this.#newer = offset;
      this.atEnd = offset === 0;
      this.atStart = page.length < 2 * PAGE;
      await this.#showAndUnsent(page.reverse());
    });
    return this.#has(messageId);
  }

  // --- what happens while it is shown ---

  /** A message is new, or different. */
  put(message) {
    this.#happen({ put: message });
  }

  /** Change the messages that `matches` is true for by `change(message)`; null removes one. */
  update(matches, change) {
    this.#happen({ matches, change });
  }

  #happen(event) {
    if (this.loading) this.#journal.push(event);
    const before = this.messages;
    if (event.put) this.#insert(event.put);
    else this.#change(event);
    if (this.messages !== before) this.#changed();
  }

  #insert(message) {
    const known = this.messages.findIndex(({ id }) => id === message.id);
    if (known >= 0) {
      this.messages = this.messages.with(known, message).sort(compareMessages);
      return;
    }
    const last = this.messages.at(-1);
    if (!this.atEnd && (!last || compareMessages(message, last) > 0)) {
      if (isStored(message)) this.#newer += 1;
      return;
    }
    const first = this.messages[0];
    if (!this.atStart && first && compareMessages(message, first) < 0) return;
    const at = this.messages.findLastIndex((other) => compareMessages(other, message) < 0);
    this.messages = this.messages.toSpliced(at + 1, 0, message);
    if (this.atEnd && this.messages.length > WINDOW + PAGE) this.#cutOldest();
  }

  #change({ matches, change }) {
    if (!this.messages.some(matches)) return;
    this.messages = this.messages.flatMap((message) => {
      if (!matches(message)) return [message];
      const changed = change(message);
      return changed === null ? [] : [changed];
    });
    this.messages.sort(compareMessages);
  }

  // --- pages ---

  async #olderThan(oldest) {
    let skip = Math.max(0, this.#newer + this.#stored().length - 1); // the oldest once more: by it the page is known to join
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const page = await this.#source.page(skip, PAGE + 1);
      const older = page.filter((message) => compareMessages(message, oldest) < 0);
      if (older.length === page.length && skip > 0) {
        skip = Math.max(0, skip - PAGE); // some were deleted: the page begins too late
      } else if (older.length === 0 && page.length === PAGE + 1) {
        skip += PAGE; // some came in: it begins too early
      } else {
        this.atStart = page.length < PAGE + 1;
        this.#newer = Math.max(0, skip + page.length - older.length - this.#stored().length);
        if (this.atEnd) this.#newer = 0;
        return older;
      }
    }
    return [];
  }

  /** How many messages are newer than a target, by halving. */
  async #locate(target) {
    let low = 0; // all before this place are newer
    let high = await this.#source.count();
    for (let step = 0; step < LOCATE_STEPS && low < high; step += 1) {
      const middle = Math.floor((low + high) / 2);
      const [message] = await this.#source.page(middle, 1);
      if (message && compareMessages(message, target) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** One load after the other; what happens meanwhile is done again on its result. */
  #load(work) {
    this.#busy = this.#busy.then(async () => {
      this.loading = true;
      this.#journal = [];
      this.error = null;
      try {
        await work();
        for (const event of this.#journal) {
          if (event.put) this.#insert(event.put);
          else this.#change(event);
        }
      } catch (error) {
        this.error = error;
        if (error.kind === undefined) throw error;
      } finally {
        this.loading = false;
        this.#changed();
      }
    });
    const done = this.#busy;
    this.#busy = this.#busy.catch(() => {});
    return done;
  }

  /**
   * Replace the window and, at its end, show what is unsent. What the server lists counts more: the phone may have sent a
   * message before the answer to it came here.
   */
  async #showAndUnsent(messages) {
    this.#show(this.atEnd ? [...(await this.#source.unsent()), ...messages] : messages);
  }

  /** Replace the window; of two with one id the later counts. What says the same as before stays the object that it was. */
  #show(messages) {
    const before = new Map(this.messages.map((message) => [message.id, message]));
    const byId = new Map();
    for (const message of messages) byId.set(message.id, asBefore(before.get(message.id), message));
    this.messages = [...byId.values()].sort(compareMessages);
    this.#changed();
  }

  #cutNewest() {
    const surplus = this.messages.length - WINDOW;
    if (surplus <= 0) return;
    const cut = this.messages.slice(-surplus);
    this.messages = this.messages.slice(0, -surplus);
    this.#newer += cut.filter(isStored).length;
    this.atEnd = false;
    this.#changed();
  }

  #cutOldest() {
    if (this.messages.length <= WINDOW) return;
    this.messages = this.messages.slice(-WINDOW);
    this.atStart = false;
    this.#changed();
  }

  #stored() {
    return this.messages.filter(isStored);
  }

  #has(messageId) {
    return this.messages.some(({ id }) => id === messageId);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function isStored(message) {
  return !message.unsent;
}
