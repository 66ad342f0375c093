/** The round mark of a person or group. Says nothing to screen readers: the name always stands beside it. */

import { toneOf, wantsDarkText } from "./colour.js";
import { h } from "./dom.js";
import { initials } from "./format.js";
import { icon } from "./icons.js";

/** `subject` is a conversation, a contact, or anything with a `title` or `name` and perhaps a `color`. */
export function avatar(subject, { small = false } = {}) {
  const tone = toneOf(subject);
  const letters = subject.isGroup ? "" : initials(subject.title ?? subject.name);
  return h(
    "span.avatar",
    { class: `${small ? "small" : ""} ${wantsDarkText(tone) ? "dark-text" : ""}`, tone, "aria-hidden": "true" },
    letters || icon(subject.isGroup ? "people" : "person"),
  );
}
