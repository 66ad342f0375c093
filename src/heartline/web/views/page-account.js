/** The account: how much it holds, taking everything along, and ending it. */

import { button } from "./controls.js";
import { confirm, showForm } from "./dialog.js";
import { h, replace } from "./dom.js";
import { formatNumber } from "./format.js";
import { logOut } from "./main-menu.js";
import { saveBlob } from "./media.js";
import { attempt, toast } from "./toast.js";

const COUNTS = [
  ["message_count", "Messages"],
  ["conversation_count", "Conversations"],
  ["contact_count", "Contacts"],
  ["device_count", "Devices"],
  ["draft_count", "Drafts"],
  ["scheduled_count", "Scheduled"],
  ["template_count", "Templates"],
  ["folder_count", "Folders"],
  ["blacklist_count", "Blocked"],
  ["auto_reply_count", "Auto replies"],
];

export function accountPage(app) {
  const { store } = app;
  const { username, realName } = store.session;
  const counts = h("dl.counts", { "aria-label": "Account statistics" });
  attempt(store.counts(), "Could not count").then((found) => found && replace(counts, COUNTS.map((kind) => count(found, kind))));
  return [
    h("p.account-name", {}, h("bdi", {}, realName || username), realName && h("span.quiet-text", {}, username)),
    counts,
    exportSection(store),
    h("section.settings-group", {}, h("h2", {}, "This browser"), button("Log out", () => logOut(app), { image: "logout" })),
    h(
      "section.settings-group",
      {},
      h("h2", {}, "Delete"),
      h("p.quiet-text", {}, "Neither can be undone. The messages on your phone stay."),
      h(".page-tools", {}, button("Delete all content", () => clean(store)), button("Delete the account", () => end(app), { kind: "danger" })),
    ),
  ];
}

const count = (found, [name, label]) => h("div.count", {}, h("dt", {}, label), h("dd", {}, formatNumber(found[name])));

function exportSection(store) {
  const progress = h("progress", { hidden: true, value: 0, "aria-label": "Export" });
  const start = button(
    "Export everything",
    async () => {
      start.disabled = true;
      progress.hidden = false;
      const onProgress = (done, total) => {
        progress.max = Math.max(total, 1);
        progress.value = done;
      };
      const blob = await attempt(store.exportAll({ onProgress }), "Could not export");
      start.disabled = false;
      progress.hidden = true;
      if (!blob) return;
      saveBlob(blob, `heartline-${new Date().toISOString().slice(0, 10)}.json`);
      toast("Everything is in the file that was saved.");
    },
    { image: "download" },
  );
  return h(
    "section.settings-group",
    {},
    h("h2", {}, "Take it along"),
    h("p.quiet-text", {}, "One JSON file with everything, decrypted. Keep it where nobody else can read it."),
    start,
    progress,
  );
}

async function clean(store) {
  const text = "All messages, conversations, contacts and lists are deleted from the server. The account and its devices stay.";
  if (!(await confirm("Delete all content?", text, "Delete everything"))) return;
  await attempt(store.cleanAccount());
}

function end({ store }) {
  const { username } = store.session;
  const field = { name: "name", label: `Type ${username} to delete the account`, autocomplete: "off", required: true };
  return showForm(
    "Delete the account",
    [field],
    async ({ name }) => {
      if (name.trim() !== username) throw new Error("This is not the name of the account.");
      await store.removeAccount();
    },
    { action: "Delete the account", intro: "The account and everything it holds are deleted from the server." },
  );
}
