/** Above the conversations: messages to new people that the server refused, which are in no conversation. */

import { asBefore } from "../model/rows.js";
import { button } from "./controls.js";
import { follow, h, reconcile } from "./dom.js";
import { formatNames } from "./format.js";
import { icon } from "./icons.js";
import { personOf } from "./new-conversation.js";
import { attempt } from "./toast.js";

export function unsentList(app) {
  const { store } = app;
  let shown = new Map();
  let asked = 0;
  const list = h("ul.unsent", { "aria-label": "Messages that were not sent", hidden: true });

  const act = async (work) => {
    await attempt(work);
    await update();
    if (document.activeElement !== document.body) return;
    (list.querySelector("button") ?? list.closest(".list-frame")?.querySelector(".search-entry"))?.focus();
  };

  const render = ({ id, to, text, isMedia, error }) =>
    h(
      "li.unsent-message",
      {},
      h("p.unsent-to", {}, icon("failed"), h("span", {}, "Not sent to ", h("bdi", {}, to))),
      h("p.unsent-text", { dir: "auto" }, isMedia ? "A file" : text),
      h("p.hint", {}, error),
      h(
        ".unsent-actions",
        {},
        button("Try again", () => act(store.retryStart(id))),
        button("Discard", () => act(store.discardStart(id))),
      ),
    );

  async function update() {
    if (!store.session) return;
    asked += 1;
    const question = asked;
    const starts = (await store.unsentStarts()).map((message) => ({ ...message, to: namesOf(store, message.numbers) }));
    if (question !== asked) return; // there is a newer answer, or will be
    const unsent = starts.map((message) => asBefore(shown.get(message.id), message));
    shown = new Map(unsent.map((message) => [message.id, message]));
    reconcile(list, unsent, ({ id }) => id, render);
    list.hidden = unsent.length === 0;
  }

  follow(list, store, "change", ({ detail: { what } }) => (what === "outbox" || what === "contacts") && update());
  update();
  return list;
}

const namesOf = (store, numbers) => formatNames(numbers.map((number) => personOf(store, number).name));
