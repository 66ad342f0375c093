/** A new conversation: to whom, by name or number, and the first message. */

import { avatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { iconButton } from "./controls.js";
import { h, replace } from "./dom.js";
import { comparable } from "./format.js";
import { toast } from "./toast.js";

const SUGGESTED = 30;
const NUMBER = /^\+?[\d ()./-]{3,}$/;

/** The view; `number` is whom it is to already, or "". */
export function newConversation(app, number) {
  const { store } = app;
  const chosen = number ? [personOf(store, number)] : [];
  const people = h("ul.recipients", { "aria-label": "Recipients" });
  const input = h("input.recipient-input", {
    type: "text",
    placeholder: "Name or number",
    "aria-label": "To: name or number",
    autocomplete: "off",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "suggestions",
    "aria-autocomplete": "list",
    oninput: () => suggest(),
    onkeydown: (event) => pressed(event),
  });
  const list = h("ul.suggestions", { id: "suggestions", role: "listbox", "aria-label": "Contacts" });
  const status = h("p.list-note", { role: "status" });
  let marked = -1;

  const composer = new Composer(app, null, {
    recipients: () => ({ phoneNumbers: chosen.map((one) => one.phoneNumber).join(","), title: chosen.map((one) => one.name).join(", ") }),
    async send(content) {
      if (NUMBER.test(input.value.trim())) add({ name: input.value.trim(), phoneNumber: input.value.trim() });
      if (!chosen.length) throw new Error("Choose first who shall get it.");
      const numbers = chosen.flatMap(({ phoneNumber }) => phoneNumber.split(","));
      const here = location.hash;
      const id = await store.sendToNew(numbers, content);
      if (!id) toast("Your phone begins the conversation. It appears in the list when it was sent.");
      if (location.hash === here) app.go(id ? `/c/${id}` : "/", { replace: true }); // else the person went on meanwhile
    },
  });

  function add(person) {
    if (!chosen.some((one) => comparable(one.phoneNumber) === comparable(person.phoneNumber))) chosen.push(person);
    input.value = "";
    update();
    input.focus();
  }

  function update() {
    replace(
      people,
      chosen.map((person) => {
        const remove = () => {
          chosen.splice(chosen.indexOf(person), 1);
          update();
          input.focus();
        };
        return h("li.recipient", {}, h("bdi", {}, person.name), iconButton("close", `Remove ${person.name}`, remove));
      }),
    );
    suggest();
  }

  function suggest() {
    const typed = input.value.trim();
    const found = suggestions(store, typed, chosen);
    marked = typed && found.length ? 0 : -1;
    replace(
      list,
      found.map((person, at) =>
        h(
          "li.suggestion",
          { role: "option", id: `suggestion-${at}`, "aria-selected": String(at === marked), onclick: () => add(person) },
          avatar(person, { small: true }),
          h("span.row-words", {}, h("bdi.row-title", {}, person.name), h("span.row-snippet", {}, person.phoneNumber)),
        ),
      ),
    );
    list.hidden = !found.length;
    replace(status, found.length || !typed ? null : "Nobody found. Type a whole phone number to write to it.");
    mark(marked);
  }

  function mark(at) {
    marked = at;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    if (at >= 0) input.setAttribute("aria-activedescendant", `suggestion-${at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function pressed(event) {
    const count = list.children.length;
    if (event.key === "ArrowDown") mark(Math.min(marked + 1, count - 1));
    else if (event.key === "ArrowUp") mark(Math.max(marked - 1, 0));
    else if ((event.key === "Enter" || event.key === ",") && list.children[marked]) list.children[marked].click();
    else if (event.key === "Enter" && !input.value && chosen.length) composer.focus();
    else if (event.key === "Backspace" && !input.value && chosen.length) {
      chosen.pop();
      update();
    } else return;
    event.preventDefault();
  }

  const element = h(
    "section.thread",
    { "aria-label": "New message" },
    h(
      "header.pane-head",
      {},
      iconButton("back", "Back to the conversations", () => app.go("/")),
      h("h1.pane-title", {}, "New message"),
    ),
    h(".recipient-line", { onclick: (event) => event.target.closest("li, input") || input.focus() }, h("span", { "aria-hidden": "true" }, "To"), people, input),
    h(".suggestion-scroller", {}, list, status),
    composer.element,
  );
  composer.acceptDrops(element);
  update();
  return { element, shown: () => (chosen.length ? composer : input).focus() };
}

/** Whom a number belongs to: a contact, or somebody who is called by the number. */
export function personOf(store, number) {
  for (const contact of store.contacts.values()) {
    if (comparable(contact.phoneNumber) === comparable(number)) return contact;
  }
  return { name: number, phoneNumber: number };
}

/** Contacts, and people of conversations who are no contacts, whose name or number has what was typed; a number itself. */
function suggestions(store, typed, chosen) {
  const taken = new Set(chosen.map(({ phoneNumber }) => comparable(phoneNumber)));
  const wanted = typed.toLocaleLowerCase();
  const digits = typed.replace(/\D/g, "");
  const found = [];
  const consider = (person) => {
    const key = comparable(person.phoneNumber);
    if (!person.phoneNumber || taken.has(key)) return;
    const inName = person.name.toLocaleLowerCase().includes(wanted);
    const inNumber = digits.length > 1 && person.phoneNumber.replace(/\D/g, "").includes(digits);
    if (!inName && !inNumber) return;
    taken.add(key);
    found.push(person);
  };
  for (const contact of store.contacts.values()) consider(contact);
  for (const one of store.conversations.values()) {
    if (!one.isGroup && !one.privateNotifications) consider({ name: one.title, phoneNumber: one.phoneNumbers, color: one.color });
  }
  found.sort((one, other) => one.name.localeCompare(other.name));
  if (NUMBER.test(typed) && !taken.has(comparable(typed))) found.unshift({ name: `Write to ${typed}`, phoneNumber: typed });
  return found.slice(0, SUGGESTED).map((person) => (person.name.startsWith("Write to ") ? { ...person, name: typed } : person));
}
