/** One message of a thread. */

import { button, iconButton } from "./controls.js";
import { h } from "./dom.js";
import { formatFull, formatMoment, formatTime } from "./format.js";
import { icon } from "./icons.js";
import { isOnlyEmoji, linkify } from "./linkify.js";
import { fileOf, saveBlob } from "./media.js";
import { openMenu } from "./menu.js";
import { isOwn } from "./message-items.js";
import { attempt, toast } from "./toast.js";

export function renderItem(app, item) {
  if (item.day !== undefined) {
    return h("li.day", {}, h("span", { role: "heading", "aria-level": 2 }, item.day));
  }
  const { message, isFirst, isLast, sender, isLate } = item;
  if (message.type === "info") return h("li.message.info", { tabindex: -1, "data-id": message.id }, h("p.bubble", {}, message.text));
  const own = isOwn(message);
  return h(
    "li.message",
    {
      tabindex: -1,
      "data-id": message.id,
      class: `${own ? "own" : "theirs"} ${isFirst ? "first" : ""} ${isLast ? "last" : ""} ${message.type} ${leaving.has(message.id) ? "leaving" : ""}`,
    },
    h("span.spoken", {}, own ? "You: " : `${message.from ?? "They"}: `),
    sender && h("bdi.sender", { "aria-hidden": "true" }, sender),
    h(
      ".message-line",
      {},
      contentOf(app, message),
      iconButton("more", "Actions for this message", (event) => openMessageMenu(app, message, event.currentTarget), {
        class: "message-more",
        tabindex: -1,
      }),
    ),
    footOf(app, message, isLast, isLate),
  );
}

function contentOf(app, message) {
  if (message.isMedia) return h(".bubble.file", {}, fileOf(app, message));
  if (message.card) return h(".bubble", {}, cardOf(message.card));
  if (message.unreadable) return h(".bubble.unreadable", {}, icon("lock"), "This message cannot be decrypted.");
  const large = isOnlyEmoji(message.text);
  return h(".bubble", { class: large ? "only-emoji" : "", dir: "auto" }, large ? message.text : linkify(message.text));
}

/** A page, video or place that the phone shared: what it says of it, as a link. */
function cardOf(card) {
  const words = card.title || card.url || card.web_url || "Shared link";
  return [h("strong", {}, words), " ", card.snippet ?? "", " ", linkify(card.web_url ?? card.url ?? "")];
}

/** When, and what became of it. Below the last of messages that stand together, and below one that is not well. */
function footOf(app, message, isLast, isLate) {
  const { type, timestamp } = message;
  if (type === "failed") {
    return h(
      ".message-foot.trouble",
      {},
      icon("failed"),
      h("span", {}, message.error ? `Not sent: ${message.error}` : "Not sent"),
      button("Try again", () => attempt(app.store.retry(message.id))),
    );
  }
  const state = stateOf(message, isLate);
  if (!isLast && type !== "sending") return h("span.spoken", {}, `${formatTime(timestamp)}${state ? `, ${state.words}` : ""}`);
  return h(
    ".message-foot",
    {},
    h("time", { title: formatFull(timestamp), datetime: new Date(timestamp).toISOString() }, formatTime(timestamp)),
    state && h("span.state", { title: state.words }, icon(state.image), h("span", { class: state.quiet ? "spoken" : "" }, state.words)),
  );
}

function stateOf({ type, pending }, isLate) {
  switch (type) {
    case "sending":
      if (pending) return { image: "clock", words: "Waiting for the server" };
      if (isLate) return { image: "phone", words: "Waiting for your phone" };
      return { image: "clock", words: "Sending" };
    case "sent":
      return { image: "check", words: "Sent", quiet: true };
    case "delivered":
      return { image: "delivered", words: "Delivered", quiet: true };
    default:
      return null;
  }
}

export function openMessageMenu(app, message, anchor) {
  const { store } = app;
  const items = [];
  if (message.text) {
    items.push(
      { label: "Copy", image: "copy", action: () => attempt(navigator.clipboard.writeText(message.text), "Could not copy") },
      { label: "Forward", image: "reply", action: () => forward(app, message.text) },
    );
  }
  if (message.isMedia) items.push({ label: "Save the file", image: "download", action: () => attempt(saveFile(app, message)) });
  if (message.type === "failed") items.push({ label: "Try again", image: "send", action: () => attempt(store.retry(message.id)) });
  items.push({ label: formatMoment(message.timestamp), image: "clock", action: () => toast(formatFull(message.timestamp)) }, null, {
    label: "Delete message",
    image: "delete",
    danger: true,
    action: () => deleteMessage(app, message),
  });
  openMenu(anchor, "Actions for this message", items);
}

function forward(app, text) {
  app.forwarded = text;
  app.go("/new");
}

/** Hidden at once, deleted when the note that undoes it is gone; one that was never sent is simply gone. */
function deleteMessage({ store }, message) {
  if (message.unsent) return attempt(store.deleteMessage(message.id));
  leaving.add(message.id);
  hide(message.id, true);
  const { undo } = store.deleteMessageSoon(message.id);
  return toast("The message is deleted.", {
    label: "Undo",
    shownMs: UNDO_MS,
    action: () => {
      leaving.delete(message.id);
      hide(message.id, false);
      attempt(undo());
    },
  });
}

const UNDO_MS = 5500;

/** Messages that are being deleted, by id. */
const leaving = new Set();

function hide(id, isHidden) {
  document.querySelector(`li.message[data-id="${id}"]`)?.classList.toggle("leaving", isHidden);
}

async function saveFile({ store }, message) {
  saveBlob(await store.media(message.id), `heartline-${message.id}`);
}
