/**
 * The kinds of rows that an account has, and how each is read: from a row as the server lists it (snake_case, ciphertext)
 * to a plain object for the views (camelCase, decrypted), which is never changed in place.
 */

import { open, UNREADABLE } from "../crypto.js";

const NO_FOLDER = -1;
const MESSAGE_TYPES = ["received", "sent", "sending", "failed", "delivered", "info", "media"];
const DECODED_AT_ONCE = 200; // rows between two breaths of the page

/** By noun: `path` of its list, `key` column, `limit` of a page (0: the list comes whole), `decode`. */
export const NOUNS = {
  conversations: {
    path: "/conversations",
    key: "device_id",
    limit: 500,
    async decode(read, row) {
      const [title, phoneNumbers, snippet] = await read(row.title, row.phone_numbers, row.snippet);
      const numbers = splitNumbers(phoneNumbers);
      return {
        id: row.device_id,
        title: title || numbers.join(", "),
        phoneNumbers: numbers.join(","),
        snippet: withoutTags(snippet ?? ""),
        timestamp: row.timestamp,
        pinned: row.pinned,
        read: row.read,
        archive: row.archive,
        mute: row.mute,
        privateNotifications: row.private_notifications,
        folderId: row.folder_id === NO_FOLDER ? null : row.folder_id,
        color: row.color,
        colorDark: row.color_dark,
        colorLight: row.color_light,
        colorAccent: row.color_accent,
        isGroup: numbers.length > 1,
      };
    },
  },
  contacts: {
    path: "/contacts",
    key: "device_id",
    limit: 1000,
    async decode(read, row) {
      const [name, phoneNumber] = await read(row.name, row.phone_number);
      return {
        id: row.device_id,
        name: name || phoneNumber || "",
        phoneNumber: phoneNumber ?? "",
        color: row.color,
        type: row.contact_type,
      };
    },
  },
  folders: {
    path: "/folders",
    key: "device_id",
    limit: 0,
    async decode(read, row) {
      const [name] = await read(row.name);
      return { id: row.device_id, name: name ?? "", color: row.color };
    },
  },
  templates: {
    path: "/templates",
    key: "device_id",
    limit: 0,
    async decode(read, row) {
      const [text] = await read(row.text);
      return { id: row.device_id, text: text ?? "" };
    },
  },
  scheduledMessages: {
    path: "/scheduled_messages",
    key: "device_id",
    limit: 0,
    async decode(read, row) {
      const [to, title, text, mimeType] = await read(row.to, row.title, row.data, row.mime_type);
      return {
        id: row.device_id,
        to: splitNumbers(to).join(","),
        title: title || to || "",
        text: text ?? "",
        mimeType: mimeType ?? "text/plain",
        timestamp: row.timestamp,
        repeat: row.repeat,
      };
    },
  },
  drafts: {
    path: "/drafts",
    key: "device_id",
    limit: 0,
    async decode(read, row) {
      const [text, mimeType] = await read(row.data, row.mime_type);
      return { id: row.device_id, conversationId: row.device_conversation_id, text: text ?? "", mimeType };
    },
  },
  blacklists: {
    path: "/blacklists",
    key: "device_id",
    limit: 0,
    async decode(read, row) {
      const [phoneNumber, phrase] = await read(row.phone_number, row.phrase);
      return { id: row.device_id, phoneNumber, phrase };
    },
  },
  autoReplies: {
    path: "/auto_replies",
    key: "device_id",
    limit: 0,
    async decode(read, row) {
      const [pattern, response] = await read(row.pattern, row.response);
      return { id: row.device_id, replyType: row.reply_type, pattern: pattern ?? "", response: response ?? "" };
    },
  },
  devices: {
    path: "/devices",
    key: "id",
    limit: 0,
    async decode(_read, row) {
      return { id: row.id, name: row.name ?? "", info: row.info ?? "", primary: row.primary };
    },
  },
  messages: {
    path: "/messages",
    key: "device_id",
    limit: 1000,
    async decode(read, row) {
      const [data, mime, from] = await read(row.data, row.mime_type, row.message_from);
      const mimeType = mime ?? "text/plain";
      const unreadable = data === UNREADABLE || mime === UNREADABLE;
      const isCard = mimeType.startsWith("media/");
      const isMedia = !unreadable && !isCard && !/^text\/(plain|html)/.test(mimeType);
      return {
        id: row.device_id,
        conversationId: row.device_conversation_id,
        type: MESSAGE_TYPES[row.message_type] ?? "info",
        text: isMedia || isCard ? "" : (data ?? ""),
        mimeType: unreadable ? "text/plain" : mimeType,
        timestamp: row.timestamp,
        from: from || null,
        read: row.read,
        isMedia,
        mediaId: isMedia ? row.device_id : null,
        card: isCard ? parseCard(data) : null,
        unreadable,
        pending: false, // these three are set from the outbox
        unsent: false,
        error: null,
      };
    },
  },
};

/** Nouns that are kept whole in memory: all but messages. */
export const LISTS = Object.keys(NOUNS).filter((noun) => noun !== "messages");

/** The decrypted object of one row. */
export async function decode(key, noun, row) {
  const read = (...texts) => Promise.all(texts.map((text) => open(key, text)));
  return NOUNS[noun].decode(read, row);
}

/** The decrypted objects of many rows, with pauses in which the page can react. */
export async function decodeAll(key, noun, rows) {
  const decoded = [];
  for (let at = 0; at < rows.length; at += DECODED_AT_ONCE) {
    const part = rows.slice(at, at + DECODED_AT_ONCE);
    decoded.push(...(await Promise.all(part.map((row) => decode(key, noun, row)))));
    if (rows.length > DECODED_AT_ONCE) await pause();
  }
  return decoded;
}

/** Let the browser do something else; not by a timer, as those are slow in a page that nobody looks at. */
function pause() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** A random id for a row, as every client makes them. */
export function newId() {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  const random = (high % 2 ** 17) * 2 ** 32 + low; // 49 bits, below the bound of 922337203685477
  return Math.max(random, 1_000_000);
}

/** The numbers of "a, b" or "a,b". */
export function splitNumbers(text) {
  return (text ?? "")
    .split(",")
    .map((number) => number.trim())
    .filter((number) => number !== "");
}

/** By what two ways of writing a number are recognised as one: the last eight digits, as phones do. */
export function numberMatcher(number) {
  if (number.includes("@")) return number.toLowerCase();
  const digits = number.replace(/\D/g, "");
  return digits === "" ? number.toLowerCase() : digits.slice(-8);
}

/** The same for several numbers in any order. */
export function groupMatcher(numbers) {
  return numbers.map(numberMatcher).sort().join("");
}

/** Newer messages have a higher order; the id decides between two of one moment, as on the server. */
export function compareMessages(one, other) {
  return one.timestamp - other.timestamp || one.id - other.id;
}

/** The object of last time when it says the same, so that what shows it is left alone: with the focus, and playing. */
export function asBefore(before, now) {
  return JSON.stringify(before) === JSON.stringify(now) ? before : now;
}

function withoutTags(snippet) {
  return snippet.replace(/^(You: )?<i>([^<>]*)<\/i>$/, "$1$2"); // what phones and the old page write for a picture
}

function parseCard(data) {
  try {
    const card = JSON.parse(data);
    return typeof card === "object" ? card : null;
  } catch {
    return null;
  }
}
