/** Short notes at the edge of the window, read out by screen readers, some with something to undo. */

import { button, iconButton } from "./controls.js";
import { h } from "./dom.js";

const SHOWN_MS = 6000;

const region = h("section.toasts", { role: "status", "aria-label": "Notes" });

/** Where notes appear; put into the page once. */
export const toastRegion = () => region;

/** Show a note; with `action` and its `label`, a button for it. It stays while it is pointed at or has the focus. */
export function toast(text, { label, action, shownMs = SHOWN_MS } = {}) {
  const note = h(
    ".toast",
    {},
    h("span", {}, text),
    action &&
      button(label, () => {
        close();
        action();
      }),
    iconButton("close", "Close this note", () => close()),
  );
  let timer;
  const close = () => {
    clearTimeout(timer);
    note.remove();
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(close, shownMs);
  };
  for (const type of ["pointerenter", "focusin"]) note.addEventListener(type, () => clearTimeout(timer));
  for (const type of ["pointerleave", "focusout"]) note.addEventListener(type, wait);
  region.append(note);
  wait();
  return close;
}

/** What the newest note offers to undo, for the keyboard: true when there was one. */
export function undoNewest() {
  const undo = region.lastElementChild?.querySelector(".button");
  undo?.click();
  return Boolean(undo);
}

/** Run an action of the store; say in a note when it failed. */
export async function attempt(promise, failed = "That did not work") {
  try {
    return await promise;
  } catch (error) {
    toast(error?.message ? `${failed}: ${error.message}` : `${failed}.`);
    return undefined;
  }
}
