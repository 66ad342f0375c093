/** The kinds of things that a page lists: how each is shown, asked for, saved, deleted and brought back. */

import { avatar } from "./avatar.js";
import { PALETTE, fromHex, toneOf } from "./colour.js";
import { formatFull, forInput } from "./format.js";

const byName = (one, other) => one.name.localeCompare(other.name);

export const contacts = {
  noun: "contacts",
  title: "Contacts",
  addTitle: "Add contact",
  changeTitle: "Change contact",
  intro: "The contacts of your phone, and those that you add here.",
  empty: "No contacts yet.",
  order: byName,
  write: true,
  mark: (contact) => avatar(contact),
  label: ({ name, phoneNumber }) => ({ title: name, details: phoneNumber }),
  given: (phoneNumber) => ({ phoneNumber }),
  fields: (contact) => [
    { name: "name", label: "Name", value: contact.name, required: true, autocomplete: "off" },
    { name: "phoneNumber", label: "Phone number", type: "tel", value: contact.phoneNumber, required: true, autocomplete: "off" },
    { name: "color", label: "Colour", type: "colour", options: PALETTE, value: contact.name ? toneOf(contact) : null },
  ],
  save: (store, { id, name, phoneNumber, color }) =>
    store.saveContact({ id, name, phoneNumber, ...(color ? { color: fromHex(color) } : {}) }),
  remove: (store, { id }) => store.removeContact(id),
  restore: (store, { name, phoneNumber, color }) => store.saveContact({ name, phoneNumber, color }),
};

export const templates = {
  noun: "templates",
  title: "Templates",
  addTitle: "Add template",
  changeTitle: "Change template",
  intro: "Texts that you write often. They are in the + menu beside every message.",
  empty: "No templates yet.",
  order: (one, other) => one.text.localeCompare(other.text),
  label: ({ text }) => ({ title: text }),
  fields: ({ text }) => [{ name: "text", label: "Text", type: "textarea", value: text, required: true }],
  save: (store, { id, text }) => store.saveTemplate({ id, text }),
  remove: (store, { id }) => store.removeTemplate(id),
  restore: (store, { text }) => store.saveTemplate({ text }),
};

export const folders = {
  noun: "folders",
  title: "Folders",
  addTitle: "Add folder",
  changeTitle: "Change folder",
  intro: "Each folder is a filter above the list. Put conversations into one from their menu.",
  empty: "No folders yet.",
  order: byName,
  mark: (folder) => avatar(folder, { small: true }),
  label: ({ name, id }, store) => {
    const count = store ? [...store.conversations.values()].filter(({ folderId }) => folderId === id).length : 0;
    return { title: name, details: count === 1 ? "1 conversation" : `${count} conversations` };
  },
  fields: (folder) => [
    { name: "name", label: "Name", value: folder.name, required: true },
    { name: "color", label: "Colour", type: "colour", options: PALETTE, value: folder.name ? toneOf(folder) : null },
  ],
  save: (store, { id, name, color }) => store.saveFolder({ id, name, ...(color ? { color: fromHex(color) } : {}) }),
  remove: (store, { id }) => store.removeFolder(id),
  restore: (store, { name, color }) => store.saveFolder({ name, color }),
};

export const blacklists = {
  noun: "blacklists",
  title: "Blocked",
  addTitle: "Block",
  intro: "Your phone ignores messages from these numbers, and messages with these words.",
  empty: "Nobody is blocked.",
  canChange: false,
  order: (one, other) => (one.phoneNumber ?? one.phrase ?? "").localeCompare(other.phoneNumber ?? other.phrase ?? ""),
  label: ({ phoneNumber, phrase }) =>
    phoneNumber ? { title: phoneNumber, details: "Number" } : { title: phrase ?? "", details: "Words" },
  fields: () => [
    { name: "phoneNumber", label: "Phone number", type: "tel" },
    { name: "phrase", label: "Or words in the message" },
  ],
  save(store, { phoneNumber, phrase }) {
    if (!phoneNumber.trim() && !phrase.trim()) throw new Error("Type a phone number or words.");
    return store.addBlacklist(phoneNumber.trim() ? { phoneNumber: phoneNumber.trim() } : { phrase: phrase.trim() });
  },
  remove: (store, { id }) => store.removeBlacklist(id),
  restore: (store, { phoneNumber, phrase }) => store.addBlacklist(phoneNumber ? { phoneNumber } : { phrase }),
};

const REPLY_TYPES = [
  ["vacation", "While you are on vacation"],
  ["driving", "While you drive"],
  ["contact", "To one contact"],
  ["keyword", "To messages with a word"],
];

export const autoReplies = {
  noun: "autoReplies",
  title: "Auto replies",
  addTitle: "Add auto reply",
  changeTitle: "Change auto reply",
  intro: "Your phone answers by itself.",
  empty: "No auto replies yet.",
  order: (one, other) => one.id - other.id,
  label: ({ replyType, pattern, response }) => ({
    title: `${Object.fromEntries(REPLY_TYPES)[replyType] ?? replyType}${pattern ? `: ${pattern}` : ""}`,
    details: response,
  }),
  fields: ({ replyType = "vacation", pattern, response }) => [
    { name: "replyType", label: "When", type: "select", options: REPLY_TYPES, value: replyType },
    { name: "pattern", label: "Phone number or word", value: pattern, hint: "For one contact or for a word only." },
    { name: "response", label: "Answer", type: "textarea", value: response, required: true },
  ],
  save(store, { id, replyType, pattern, response }) {
    const needsPattern = replyType === "contact" || replyType === "keyword";
    if (needsPattern && !pattern.trim()) throw new Error("Type the phone number or the word that is answered.");
    return store.saveAutoReply({ id, replyType, pattern: needsPattern ? pattern.trim() : "", response });
  },
  remove: (store, { id }) => store.removeAutoReply(id),
  restore: (store, { replyType, pattern, response }) => store.saveAutoReply({ replyType, pattern, response }),
};

const REPEATS = [
  [0, "Once"],
  [1, "Every day"],
  [2, "Every week"],
  [3, "Every month"],
  [4, "Every year"],
];

export const scheduled = {
  noun: "scheduledMessages",
  title: "Scheduled messages",
  addTitle: "Schedule a message",
  changeTitle: "Change scheduled message",
  intro: "Your phone sends these at their time, also when no browser is open.",
  empty: "Nothing is scheduled.",
  order: (one, other) => one.timestamp - other.timestamp,
  label: ({ title, to, text, timestamp, repeat }) => ({
    title: title || to,
    details: `${formatFull(timestamp)}${repeat ? `, ${REPEATS[repeat][1].toLowerCase()}` : ""}: ${text}`,
  }),
  fields: ({ to, text, timestamp = Date.now() + 3_600_000, repeat = 0 }) => [
    { name: "to", label: "To", type: "tel", value: to, required: true, hint: "Phone numbers, with commas between." },
    { name: "text", label: "Message", type: "textarea", value: text, required: true, autofocus: Boolean(to) },
    { name: "when", label: "When", type: "datetime-local", value: forInput(timestamp), required: true },
    { name: "repeat", label: "How often", type: "select", options: REPEATS, value: repeat },
  ],
  save(store, { id, to, text, when, repeat }, before) {
    const timestamp = new Date(when).getTime();
    if (timestamp < Date.now()) throw new Error("This time is over. Choose one that is still to come.");
    const title = before?.to === to ? before.title : to;
    return store.saveScheduledMessage({ id, to, title, text, timestamp, repeat: Number(repeat) });
  },
  remove: (store, { id }) => store.removeScheduledMessage(id),
  restore: (store, { to, title, text, mimeType, timestamp, repeat }) =>
    store.saveScheduledMessage({ to, title, text, mimeType, timestamp, repeat }),
};
