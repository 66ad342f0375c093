/** The pages beside the conversations, by the name that stands in their address. */

import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { accountPage } from "./page-account.js";
import { autoReplies, blacklists, contacts, folders, scheduled, templates } from "./collections.js";
import { collectionPage } from "./collection-page.js";
import { devicesPage } from "./page-devices.js";
import { settingsPage } from "./page-settings.js";

/** {name, title, image, make(app, argument)}: `make` answers what stands below the title. */
export const PAGES = [
  { name: "contacts", title: "Contacts", image: "people", make: collectionPage(contacts) },
  { name: "scheduled", title: "Scheduled messages", image: "clock", make: collectionPage(scheduled) },
  { name: "templates", title: "Templates", image: "template", make: collectionPage(templates) },
  { name: "auto-replies", title: "Auto replies", image: "reply", make: collectionPage(autoReplies) },
  { name: "folders", title: "Folders", image: "folder", make: collectionPage(folders) },
  { name: "blocked", title: "Blocked", image: "block", make: collectionPage(blacklists) },
  { name: "devices", title: "Devices", image: "phone", make: devicesPage },
  { name: "account", title: "Account", image: "chart", make: accountPage },
  { name: "settings", title: "Settings", image: "settings", make: settingsPage },
];

/** The view of a page. */
export function page(app, name) {
  const found = PAGES.find((one) => one.name === name) ?? PAGES.at(-1);
  const { args } = app.router.place;
  const element = h(
    "section.page",
    { "aria-label": found.title },
    h(
      "header.pane-head",
      {},
      iconButton("back", "Back to the conversations", () => app.go("/")),
      h("h1.pane-title", { tabindex: -1 }, found.title),
    ),
    h(".page-scroller", {}, h(".page-body", {}, found.make(app, args[1]))),
  );
  return { element, shown: () => element.querySelector("h1").focus() };
}
