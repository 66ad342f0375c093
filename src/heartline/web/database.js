/**
 * What this browser keeps, in IndexedDB: the session with its key, the rows as the server has them (ciphertext), the place
 * in the log up to which they are right, and what was not sent yet. Shared by all tabs.
 *
 * A change of rows as the model speaks of it is one of
 *     {noun, put: row}
 *     {noun, id, patch: {...}}                  when there is such a row
 *     {noun, id, remove: true}
 *     {noun, where: {...}, patch: {...}}        all rows with these columns
 *     {noun, where: {...}, before: timestamp, remove: true}   `before` and `where` may be absent
 */

import { NOUNS } from "./model/rows.js";

const NAME = "heartline";
const VERSION = 1;
const BY_TIME = "by_time";
const CACHED_MESSAGES = 20_000; // the newest, over all conversations: some 10 MB
const CACHED_MEDIA = 300; // files, the ones that were used last

/** Open the database; in a browser that forbids it (some private windows) the promise is rejected. */
export async function openDatabase() {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    const database = request.result;
    database.createObjectStore("state");
    database.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
    database.createObjectStore("media", { keyPath: "id" }).createIndex("by_use", "used");
    for (const noun of Object.keys(NOUNS)) {
      const store = database.createObjectStore(noun, { keyPath: NOUNS[noun].key });
      if (noun === "messages") store.createIndex(BY_TIME, ["device_conversation_id", "timestamp", "device_id"]);
      if (noun === "messages") store.createIndex("by_age", "timestamp");
    }
  };
  const database = await result(request);
  database.onversionchange = () => database.close(); // another tab has a newer version of this page
  return new Database(database);
}

export class Database {
  #database;

  constructor(database) {
    this.#database = database;
  }

  // --- single values: 'session', 'cursor', 'settings', 'stale' ---

  async get(name) {
    return result(this.#database.transaction("state").objectStore("state").get(name));
  }

  async set(name, value) {
    return this.#write(["state"], (tx) => tx.objectStore("state").put(value, name));
  }

  // --- rows ---

  /** All rows of a noun. */
  async rows(noun) {
    return result(this.#database.transaction(noun).objectStore(noun).getAll());
  }

  /** One message, or undefined. */
  async message(id) {
    return result(this.#database.transaction("messages").objectStore("messages").get(id));
  }

  /** The newest messages of a conversation that are older than one, or than all; newest first. */
  async messagesBefore(conversationId, limit, before = null) {
    const lower = [conversationId];
    const upper = before === null ? [conversationId, []] : [conversationId, before.timestamp, before.id];
    const range = IDBKeyRange.bound(lower, upper, true, true);
    const index = this.#database.transaction("messages").objectStore("messages").index(BY_TIME);
    const rows = [];
    return new Promise((resolve, reject) => {
      const request = index.openCursor(range, "prev");
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (cursor) rows.push(cursor.value);
        if (cursor && rows.length < limit) cursor.continue();
        else resolve(rows);
      };
    });
  }

  /** Put rows in the place of all that are known of some nouns. @param {Record<string, object[]>} lists */
  async replace(lists) {
    await this.#write(Object.keys(lists), (tx) => {
      for (const [noun, rows] of Object.entries(lists)) {
        tx.objectStore(noun).clear();
        for (const row of rows) tx.objectStore(noun).put(row);
      }
    });
  }

  /**
   * Make changes and move the cursor, both or neither. Changes of operations that another tab has stored already are
   * passed over, so that a tab that lags behind never brings old rows back.
   * @param {object[]} changes each with the `epoch` and `offset` of its operation, or without when it was made here
   * @param {{epoch: string, offset: number} | null} cursor after the last of them
   */
  async change(changes, cursor = null) {
    const nouns = new Set(changes.map(({ noun }) => noun));
    await this.#write(["state", ...nouns], async (tx) => {
      const state = tx.objectStore("state");
      const stored = await result(state.get("cursor"));
      const isOld = ({ epoch, offset }) =>
        offset !== undefined && stored && (epoch !== stored.epoch || offset <= stored.offset);
      for (const change of changes) {
        if (!isOld(change)) await makeChange(tx.objectStore(change.noun), change);
      }
      if (cursor && stored && !isOld(cursor)) state.put(cursor, "cursor");
    });
  }

  /** Forget the oldest messages and files beyond what a browser should keep. */
  async trim() {
    await this.#trim("messages", "by_age", CACHED_MESSAGES);
    await this.#trim("media", "by_use", CACHED_MEDIA);
  }

  async #trim(name, index, limit) {
    await this.#write([name], async (tx) => {
      const store = tx.objectStore(name);
      const surplus = (await result(store.count())) - limit;
      if (surplus <= 0) return;
      let left = surplus;
      await eachCursor(store.index(index).openCursor(), (cursor) => {
        cursor.delete();
        left -= 1;
        return left > 0;
      });
    });
  }

  // --- files, as ciphertext ---

  async media(id) {
    const found = await result(this.#database.transaction("media").objectStore("media").get(id));
    return found?.data;
  }

  async putMedia(id, data) {
    await this.#write(["media"], (tx) => tx.objectStore("media").put({ id, data, used: Date.now() }));
  }

  // --- the outbox ---

  async jobs() {
    return this.rows("outbox");
  }

  /** Store a job, together with the changes that show its effect. @returns {Promise<number>} its place in the queue */
  async putJob(job, changes = []) {
    const nouns = new Set(changes.map(({ noun }) => noun));
    let seq;
    await this.#write(["outbox", ...nouns], async (tx) => {
      seq = await result(tx.objectStore("outbox").put(job));
      for (const change of changes) await makeChange(tx.objectStore(change.noun), change);
    });
    return seq;
  }

  async job(seq) {
    return result(this.#database.transaction("outbox").objectStore("outbox").get(seq));
  }

  async removeJob(seq) {
    await this.#write(["outbox"], (tx) => tx.objectStore("outbox").delete(seq));
  }

  // --- all of it ---

  /** Forget everything, the key included. */
  async wipe() {
    const names = [...this.#database.objectStoreNames];
    await this.#write(names, (tx) => {
      for (const name of names) tx.objectStore(name).clear();
    });
  }

  /** Run a transaction; resolved when it is on disk as far as the browser promises. */
  async #write(names, work) {
    const tx = this.#database.transaction(names, "readwrite");
    const done = new Promise((resolve, reject) => {
      tx.oncomplete = () => resolve();
      tx.onerror = tx.onabort = () => reject(tx.error ?? new Error("the browser's database refused"));
    });
    try {
      await work(tx);
    } catch (error) {
      done.catch(() => {});
      try {
        tx.abort();
      } catch {
        // it had ended
      }
      throw error;
    }
    await done;
  }
}

async function makeChange(store, { put, id, where = {}, before, patch, remove }) {
  if (put) {
    store.put(put);
  } else if (id !== undefined && remove) {
    store.delete(id);
  } else if (id !== undefined) {
    const row = await result(store.get(id));
    if (row) store.put({ ...row, ...patch });
  } else {
    const matches = matcher(where, before);
    await eachCursor(openNarrow(store, where), (cursor) => {
      if (matches(cursor.value) && remove) cursor.delete();
      else if (matches(cursor.value)) cursor.update({ ...cursor.value, ...patch });
      return true;
    });
  }
}

/** A cursor over the rows that a condition may mean: one conversation's messages instead of all. */
function openNarrow(store, where) {
  const conversation = where.device_conversation_id;
  if (conversation === undefined || !store.indexNames.contains(BY_TIME)) return store.openCursor();
  return store.index(BY_TIME).openCursor(IDBKeyRange.bound([conversation], [conversation, []]));
}

/** Whether a row has these columns and is older than a time. */
export function matcher(where = {}, before = undefined) {
  const columns = Object.entries(where);
  return (row) =>
    columns.every(([name, value]) => row[name] === value) && (before === undefined || row.timestamp < before);
}

function eachCursor(request, visit) {
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor && visit(cursor)) cursor.continue();
      else resolve();
    };
  });
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
