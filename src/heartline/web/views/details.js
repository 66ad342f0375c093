/** Who is in a conversation. */

import { avatar } from "./avatar.js";
import { button } from "./controls.js";
import { showDialog } from "./dialog.js";
import { h } from "./dom.js";
import { comparable, numbersOf } from "./format.js";

export function showDetails(app, id) {
  const { store } = app;
  const conversation = store.conversations.get(id);
  if (!conversation) return undefined;
  const contacts = new Map([...store.contacts.values()].map((contact) => [comparable(contact.phoneNumber), contact]));
  return showDialog(conversation.title, (close) =>
    h(
      "ul.people",
      {},
      numbersOf(conversation).map((phoneNumber) => {
        const contact = contacts.get(comparable(phoneNumber));
        const write = () => {
          close();
          app.go(`/new/${encodeURIComponent(phoneNumber)}`);
        };
        return h(
          "li.person",
          {},
          avatar(contact ?? { phoneNumber, title: conversation.isGroup ? phoneNumber : conversation.title, color: conversation.color }),
          h(
            "span.row-words",
            {},
            contact && h("bdi.row-title", {}, contact.name),
            h("a.person-number", { href: `tel:${phoneNumber}` }, phoneNumber),
          ),
          h(
            "span.person-actions",
            {},
            conversation.isGroup && button("Write", write),
            !contact && button("Add contact", () => (close(), app.go(`/p/contacts/${encodeURIComponent(phoneNumber)}`))),
          ),
        );
      }),
    ),
  );
}
