/** The keys of the page, and the sheet that shows them. Single letters work outside of fields only. */

import { archiveConversation, deleteConversation, openConversationMenu } from "./conversation-menu.js";
import { showDetails } from "./details.js";
import { showDialog } from "./dialog.js";
import { h } from "./dom.js";
import { undoNewest } from "./toast.js";

const SHEET = [
  ["n", "New message"],
  ["/", "Search"],
  ["j, k", "Next, previous conversation"],
  ["g", "Go to the list"],
  ["r", "Write in the open conversation"],
  ["t", "Go to its messages; arrows move, Enter opens a message's menu"],
  [".", "Menu of the conversation"],
  ["e", "Archive, or take out of the archive"],
  ["u", "Mark as read or unread"],
  ["p", "Pin or unpin"],
  ["m", "Mute or unmute"],
  ["i", "Details"],
  ["#", "Delete"],
  ["z", "Undo what the last note says"],
  ["Enter", "Send; Shift + Enter begins a new line"],
  ["Esc", "Leave the field; then back to the list"],
  ["?", "This sheet"],
];

export function showShortcuts() {
  const rows = SHEET.map(([keys, words]) => [h("dt", {}, keys.split(", ").map((key) => h("kbd", {}, key))), h("dd", {}, words)]);
  return showDialog("Keyboard shortcuts", h("dl.shortcuts", {}, rows));
}

/** Listen to keys for as long as the shell is in the page. */
export function followShortcuts(app, shell) {
  const { store } = app;
  const open = () => store.conversations.get(shell.list.selected);
  const onOpen = (action) => () => {
    const conversation = open();
    if (conversation) action(conversation);
    return Boolean(conversation);
  };
  const actions = {
    n: () => app.go("/new"),
    "/": () => app.go("/search"),
    j: () => shell.list.step(1),
    k: () => shell.list.step(-1),
    g: () => shell.list.focus(),
    r: () => shell.view.composer?.focus(),
    t: () => shell.view.messages?.scroller.focus(),
    ".": onOpen(({ id }) => openConversationMenu(app, id, document.querySelector(".pane-head [aria-haspopup]"))),
    e: onOpen(({ id }) => archiveConversation(app, id)),
    u: onOpen(({ id, read }) => (store.markRead(id, !read), read && app.go("/"))),
    p: onOpen(({ id, pinned }) => store.pin(id, !pinned)),
    m: onOpen(({ id, mute }) => store.mute(id, !mute)),
    i: onOpen(({ id }) => showDetails(app, id)),
    "#": onOpen(({ id }) => deleteConversation(app, id)),
    z: undoNewest,
    "?": showShortcuts,
  };
  const listen = (event) => {
    if (!shell.element.isConnected) return document.removeEventListener("keydown", listen);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
    if (document.querySelector("dialog[open], :popover-open")) return undefined;
    const isWriting = event.target.matches?.("input, textarea, select");
    if (event.key === "Escape") return isWriting ? event.target.blur() : leave(app, shell);
    if (isWriting || !Object.hasOwn(actions, event.key)) return undefined;
    event.preventDefault();
    return actions[event.key]();
  };
  document.addEventListener("keydown", listen);
}

function leave(app, shell) {
  if (app.router.place.name !== "") app.go("/");
  shell.list.focus();
}
