/** The devices of the account: which one sends, their names, and letting in one that shows a code. */

import { button, iconButton } from "./controls.js";
import { confirm, showForm } from "./dialog.js";
import { follow, h, oncePerFrame, replace } from "./dom.js";
import { icon } from "./icons.js";
import { attempt, toast } from "./toast.js";

export function devicesPage(app) {
  const { store } = app;
  const list = h("ul.cards", { "aria-label": "Devices" });
  const note = h("p.list-note");
  const update = () => {
    replace(list, [...store.devices.values()].map((device) => card(store, device)));
    replace(note, store.devices.size ? null : "No phone is registered yet.");
  };
  const page = h(
    ".collection",
    {},
    h("p.quiet-text", {}, "Your messages go out through the primary device. Browsers are not in this list."),
    h(".page-tools", {}, button("Let a device in by its code", () => approve(store), { kind: "primary", image: "plus" })),
    note,
    list,
  );
  const later = oncePerFrame(update);
  follow(page, store, "change", ({ detail }) => detail.what === "devices" && later());
  update();
  return page;
}

function card(store, device) {
  const { id, name, info, primary } = device;
  const title = name || info || `Device ${id}`;
  return h(
    "li.card",
    {},
    h("span.card-mark", {}, icon("phone")),
    h("span.row-words", {}, h("bdi.card-title", {}, title), h("span.row-snippet", {}, primary ? "Primary: sends your messages" : info)),
    !primary && button("Make primary", () => makePrimary(store, device, title)),
    iconButton("edit", `Rename ${title}`, () => rename(store, device)),
    iconButton("delete", `Remove ${title}`, () => remove(store, device, title)),
  );
}

const rename = (store, { id, name }) =>
  showForm("Rename the device", [{ name: "name", label: "Name", value: name, required: true }], (values) =>
    store.renameDevice(id, values.name),
  );

async function makePrimary(store, { id }, title) {
  const text = `Messages are then sent by ${title}, and no longer by the device that sends them now.`;
  if (await confirm("Change the primary device?", text, "Make primary", { kind: "primary" })) await attempt(store.makePrimary(id));
}

async function remove(store, { id, primary }, title) {
  const text = primary ? "Nothing can be sent until another phone is the primary device." : "It can be registered again on the device.";
  if (await confirm(`Remove ${title}?`, text, "Remove")) await attempt(store.removeDevice(id));
}

async function approve(store) {
  const field = {
    name: "code",
    label: "Code on the device",
    hint: "Eight letters and digits, as a television or watch shows them.",
    autocapitalize: "characters",
    autocomplete: "off",
    required: true,
  };
  const done = await showForm("Let a device in", [field], ({ code }) => store.approveActivation(code), { action: "Let it in" });
  if (done) toast("The device is let in. It asks for your password next.");
}
