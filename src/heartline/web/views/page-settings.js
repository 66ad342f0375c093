/** Settings: how Heartline looks here, notifications, and the passcode of private conversations. */

import { button, formField } from "./controls.js";
import { showForm } from "./dialog.js";
import { h, replace } from "./dom.js";
import { permission } from "./notifications.js";
import { chooseTheme, chosenTheme, THEMES } from "./theme.js";
import { attempt, toast } from "./toast.js";
import { showShortcuts } from "./shortcuts.js";

export function settingsPage(app) {
  return [appearance(), notifications(), privacy(app), keys()];
}

function appearance() {
  return h(
    "section.settings-group",
    {},
    h("h2", {}, "Appearance"),
    formField({
      name: "theme",
      label: "Light or dark",
      type: "select",
      options: THEMES,
      value: chosenTheme(),
      onchange: ({ target }) => chooseTheme(target.value),
    }),
  );
}

const WORDS = {
  granted: "You are notified of new messages while Heartline is open in a tab. Muted conversations stay silent.",
  denied: "This browser does not let Heartline notify you. Its own settings for this page change that.",
  default: "Be notified of new messages while Heartline is open in a tab.",
  never: "This browser knows no notifications.",
};

function notifications() {
  const body = h("div");
  const show = () => {
    const ask = async () => {
      await Notification.requestPermission();
      show();
    };
    replace(
      body,
      h("p.quiet-text", {}, WORDS[permission()]),
      permission() === "default" && button("Turn on notifications", ask, { kind: "primary", image: "bell" }),
    );
  };
  show();
  return h("section.settings-group", {}, h("h2", {}, "Notifications"), body);
}

function privacy({ store, lock }) {
  const body = h("div");
  const show = () => {
    const isSet = Boolean(store.settings.passcode);
    replace(
      body,
      h("p.quiet-text", {}, "Private conversations are in a list of their own, and notifications of them say nothing. A passcode locks that list."),
      h(
        ".page-tools",
        {},
        button(isSet ? "Change the passcode" : "Set a passcode", () => change(isSet), { image: "lock" }),
        isSet && button("Remove the passcode", remove),
      ),
    );
  };
  const change = async (isSet) => {
    if (isSet && !(await lock.ask())) return;
    const field = { name: "passcode", label: "New passcode", type: "password", inputMode: "numeric", autocomplete: "off", required: true };
    if (await showForm("Passcode", [field], ({ passcode }) => store.setSetting("passcode", passcode))) toast("The passcode is set.");
    show();
  };
  const remove = async () => {
    lock.close();
    if (!(await lock.ask())) return;
    await attempt(store.setSetting("passcode", ""));
    show();
  };
  show();
  return h("section.settings-group", {}, h("h2", {}, "Private conversations"), body);
}

const keys = () =>
  h("section.settings-group", {}, h("h2", {}, "Keyboard"), button("Show the shortcuts", showShortcuts, { image: "keyboard" }));
