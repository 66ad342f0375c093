/** From messages to what stands in the list: days, senders, and which bubbles belong together. */

import { formatDay, sameDay } from "./format.js";

const TOGETHER_MS = 5 * 60 * 1000;
/** Messages of one side that follow each other this soon stand together, with one time below them. */

const PHONE_ANSWERS_MS = 60_000;

export const isOwn = ({ type }) => type === "sent" || type === "sending" || type === "failed" || type === "delivered";

/**
 * Items {key, day}, in words, as "Today" is another one after midnight, and {key, message, isFirst, isLast, sender, isLate}. One of `before` (by key) is used again when it says the
 * same, so that what is on the page already is left alone.
 */
export function messageItems(messages, before, isGroup) {
  const items = [];
  const add = (item) => {
    const old = before.get(item.key);
    const isSame = old && Object.keys(item).every((name) => old[name] === item[name]);
    items.push(isSame ? old : item);
  };
  messages.forEach((message, at) => {
    const previous = messages[at - 1];
    const next = messages[at + 1];
    if (!previous || !sameDay(previous.timestamp, message.timestamp)) {
      add({ key: `day ${new Date(message.timestamp).toDateString()}`, day: formatDay(message.timestamp) });
    }
    const isFirst = !belongTogether(previous, message);
    const sender = isGroup && isFirst && message.type === "received" ? (message.from ?? "") : "";
    add({ key: message.id, message, isFirst, isLast: !belongTogether(message, next), sender, isLate: isLate(message) });
  });
  return items;
}

/** Whether the phone should have said by now that it sent a message: then it is not there at the moment. */
function isLate({ type, pending, timestamp }) {
  return type === "sending" && !pending && Date.now() - timestamp > PHONE_ANSWERS_MS;
}

function belongTogether(one, other) {
  return (
    one !== undefined &&
    other !== undefined &&
    isOwn(one) === isOwn(other) &&
    one.type !== "info" &&
    other.type !== "info" &&
    one.from === other.from &&
    other.timestamp - one.timestamp < TOGETHER_MS &&
    sameDay(one.timestamp, other.timestamp)
  );
}
