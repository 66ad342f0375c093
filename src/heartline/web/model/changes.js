/** What a change of rows (see database.js) means for rows and messages in memory. */

import { matcher } from "../database.js";

const MESSAGE_TYPES = ["received", "sent", "sending", "failed", "delivered", "info", "media"];

/** Make changes in a map of rows by id. @returns {Set<number>} the ids of rows that are different now */
export function applyToRows(rows, key, changes) {
  const touched = new Set();
  for (const { put, id, where, before, patch, remove } of changes) {
    let ids;
    if (put) ids = [put[key]];
    else if (id !== undefined) ids = rows.has(id) ? [id] : [];
    else ids = [...rows].filter(([, row]) => matcher(where, before)(row)).map(([found]) => found);
    for (const found of ids) {
      touched.add(found);
      if (put) rows.set(found, put);
      else if (remove) rows.delete(found);
      else rows.set(found, { ...rows.get(found), ...patch });
    }
  }
  return touched;
}

/** Whether a change that is no `put` is about a message, decrypted as it is. */
export function targetsOf({ id, where = {}, before }) {
  if (id !== undefined) return (message) => message.id === id;
  const { device_conversation_id: conversationId, read } = where;
  return (message) =>
    (conversationId === undefined || message.conversationId === conversationId) &&
    (read === undefined || message.read === read) &&
    (before === undefined || message.timestamp < before);
}

/** A message with columns that are not encrypted changed. */
export function patchedMessage(message, { message_type: type, timestamp, read }) {
  const changed = { ...message };
  if (type !== undefined) changed.type = MESSAGE_TYPES[type] ?? "info";
  if (timestamp !== undefined) changed.timestamp = timestamp;
  if (read !== undefined) changed.read = read;
  return changed;
}
