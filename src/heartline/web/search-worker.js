/** The index of search.js: fetches all messages, decrypts and folds them, and looks through them. */

import { Api } from "./api.js";
import { openDatabase } from "./database.js";
import { patchedMessage, targetsOf } from "./model/changes.js";
import { decode, NOUNS } from "./model/rows.js";

const SEARCHED_MESSAGES = 200_000; // the newest: some 100 MB of memory
const FOUND = 200;
const PAGE = NOUNS.messages.limit;
const DECODED_AT_ONCE = 250;

let key;
let api;
/** By id: the message, and its text as it is compared. */
const entries = new Map();
let newestFirst = null; // sorted when somebody searches
let building = null;
let isComplete = false;

globalThis.onmessage = ({ data }) => {
  if (data.key) {
    ({ key } = data);
    api = new Api(data.accountId);
  } else if (data.changes) {
    change(data.changes);
  } else {
    answer(data);
  }
};

async function answer({ id, find: text, timestampOf }) {
  try {
    await build();
    postMessage({ id, found: text === undefined ? entries.get(timestampOf)?.timestamp : find(text) });
  } catch ({ kind = "refused", message }) {
    postMessage({ id, error: { kind, message } });
  }
}

function find(text) {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  newestFirst ??= [...entries.values()].sort((one, other) => other.timestamp - one.timestamp || other.id - one.id);
  const found = [];
  for (const entry of newestFirst) {
    if (!words.every((word) => entry.folded.includes(word))) continue;
    const { conversationId, id: messageId, text: whole, timestamp, from, type } = entry;
    found.push({ conversationId, messageId, text: whole, timestamp, from, type });
    if (found.length === FOUND) break;
  }
  return found;
}

/** Without case and accents, so that "cafe" finds "Café". */
function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Make the index complete; when the server cannot be reached, what this browser has must do, until the next search. */
async function build() {
  if (isComplete) return;
  building ??= fetchAll().finally(() => {
    building = null;
  });
  try {
    await building;
    isComplete = true;
  } catch (error) {
    if (error.kind !== "unreachable") throw error;
    const rows = await (await openDatabase()).rows("messages");
    await add(rows.filter((row) => !entries.has(row.device_id)));
    if (entries.size === 0) throw error;
  }
}

async function fetchAll() {
  const total = Math.min((await api.get("/accounts/count")).message_count, SEARCHED_MESSAGES);
  postMessage({ progress: [0, total] });
  let next = api.get("/messages", { limit: PAGE, offset: 0 });
  for (let offset = 0; offset < SEARCHED_MESSAGES; offset += PAGE) {
    const rows = await next;
    const isLast = rows.length < PAGE;
    if (!isLast) next = api.get("/messages", { limit: PAGE, offset: offset + PAGE }); // while these are decrypted
    next.catch(() => {}); // seen when it is awaited
    await add(rows.filter((row) => !entries.has(row.device_id)));
    postMessage({ progress: [Math.min(offset + rows.length, total), total] });
    if (isLast) return;
  }
}

async function add(rows) {
  for (let at = 0; at < rows.length; at += DECODED_AT_ONCE) {
    const part = rows.slice(at, at + DECODED_AT_ONCE);
    for (const message of await Promise.all(part.map((row) => decode(key, "messages", row)))) {
      if (message.text === "" || message.unreadable) entries.delete(message.id);
      else entries.set(message.id, { ...message, folded: fold(message.text) });
    }
  }
  newestFirst = null;
}

let changing = Promise.resolve();

function change(changes) {
  changing = changing.then(async () => {
    for (const one of changes) {
      if (one.put) await add([one.put]);
      else patch(one);
    }
  });
}

function patch(one) {
  const isTarget = targetsOf(one);
  const targets = one.id === undefined ? [...entries.values()].filter(isTarget) : [entries.get(one.id)].filter(Boolean);
  for (const entry of targets) {
    if (one.remove) entries.delete(entry.id);
    else entries.set(entry.id, patchedMessage(entry, one.patch));
  }
  newestFirst = null;
}
