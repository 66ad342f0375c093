/** How the connection is, in one calm line that is there only while something is wrong. */

import { button } from "./controls.js";
import { follow, h, replace } from "./dom.js";

const PATIENCE_MS = 2500;
/** A connection that is back within this time is not worth a word. */

export function connectionNote(store) {
  const note = h(".connection", { role: "status" });
  let timer = null;
  const show = () => {
    clearTimeout(timer);
    note.dataset.state = store.connection;
    if (store.connection === "live") replace(note);
    else timer = setTimeout(() => replace(note, words(store)), PATIENCE_MS);
  };
  follow(note, store, "connection", show);
  follow(note, store, "change", ({ detail }) => detail.what === "outbox" && note.hasChildNodes() && replace(note, words(store)));
  show();
  return note;
}

function words(store) {
  const waiting = store.pendingCount;
  const later = waiting === 0 ? "" : waiting === 1 ? " 1 change waits." : ` ${waiting} changes wait.`;
  return [
    h("span.pulse", { "aria-hidden": "true" }),
    h("span", {}, (store.connection === "offline" ? "The server cannot be reached." : "Connecting…") + later),
    button("Try now", () => store.reconnect()),
  ];
}
