/**
 * The entry: opens the store, then shows the log-in page or the messages, whichever the session says.
 *
 * `app` is what every view gets: the `store`, `go(path)` to another place, and the `lock` of the private conversations.
 */

import { Store } from "./store.js";
import { followTheme } from "./views/theme.js";
import { announceMessages } from "./views/notifications.js";
import { append, h, replace } from "./views/dom.js";
import { loginPage } from "./views/login.js";
import { PrivateLock } from "./views/private.js";
import { go, Router } from "./views/router.js";
import { Shell } from "./views/shell.js";
import { toast, toastRegion } from "./views/toast.js";

const store = new Store();
const app = { store, go, router: new Router(), lock: new PrivateLock(store) };
const root = h(".app");

let shown = null;

/** Show the page that the session wants, unless it is there already. */
function show() {
  const wanted = store.session?.accountId ?? "nobody";
  if (wanted === shown) return;
  shown = wanted;
  app.lock.close();
  replace(root, store.session ? new Shell(app).element : loginPage(app));
}

function showBroken(error) {
  replace(
    root,
    h(
      "main.welcome",
      {},
      h("h1", {}, "Heartline cannot start"),
      h("p", {}, "This browser does not let Heartline keep its data. A private window, a full disk or a setting may be why."),
      h("p.quiet-text", {}, error.message),
    ),
  );
}

append(document.body, [root, toastRegion()]);
followTheme();
store.addEventListener("change", ({ detail }) => detail.what === "session" && show());
store.addEventListener("failed", ({ detail: { action, error } }) => {
  if (action !== "send") toast(`Could not ${action}: ${error.message}`);
});
store.addEventListener("history-lost", () => toast("The server was restored; everything was loaded again."));
announceMessages(app);
await store.start();
if (store.databaseError) showBroken(store.databaseError);
else show();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/service-worker.js").catch(() => {});
