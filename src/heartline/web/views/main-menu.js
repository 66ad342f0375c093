/** The menu of the app: everything that is not a conversation. */

import { confirm } from "./dialog.js";
import { openMenu } from "./menu.js";
import { PAGES } from "./pages.js";
import { showShortcuts } from "./shortcuts.js";
import { attempt } from "./toast.js";

export function openMainMenu(app, anchor) {
  const pages = PAGES.map(({ name, title, image }) => ({ label: title, image, action: () => app.go(`/p/${name}`) }));
  openMenu(anchor, "Menu", [
    ...pages,
    null,
    { label: "Keyboard shortcuts", image: "keyboard", keys: "?", action: showShortcuts },
    { label: "Log out", image: "logout", action: () => logOut(app) },
  ]);
}

export async function logOut({ store, go }) {
  const waiting = store.unsentCount;
  const lost = waiting ? ` ${waiting === 1 ? "One change has" : `${waiting} changes have`} not reached the server and will be lost.` : "";
  const text = `Everything that Heartline keeps in this browser is deleted. Your messages stay on your phone and on the server.${lost}`;
  if (!(await confirm("Log out?", text, "Log out", { kind: waiting ? "danger" : "primary" }))) return;
  await attempt(store.logOut());
  go("/", { replace: true });
}
