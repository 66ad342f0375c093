/** New messages while the page is not looked at: a notification of the system and the count of unread ones in the title. */

import { oncePerFrame } from "./dom.js";

const TITLE = "Heartline";

export function announceMessages(app) {
  const { store } = app;
  const retitle = oncePerFrame(() => {
    const unread = unreadCount(store);
    document.title = unread ? `(${unread}) ${TITLE}` : TITLE;
    if (unread) navigator.setAppBadge?.(unread).catch(() => {});
    else navigator.clearAppBadge?.().catch(() => {});
  });
  store.addEventListener("change", ({ detail }) => /session|conversations|ready/.test(detail.what) && retitle());
  store.addEventListener("received", ({ detail }) => notify(app, detail));
}

export function unreadCount(store) {
  let count = 0;
  for (const { read, archive } of store.conversations.values()) if (!read && !archive) count += 1;
  return count;
}

/** Whether the browser may notify: "granted", "denied", "default" (it can be asked), or "never" where it cannot. */
export const permission = () => globalThis.Notification?.permission ?? "never";

function notify(app, { message, conversation }) {
  if (permission() !== "granted" || conversation?.mute || isLookedAt(app, message)) return;
  const isPrivate = conversation?.privateNotifications;
  const text = message.isMedia ? "Sent a file" : message.text;
  const title = isPrivate ? "New message" : (conversation?.title ?? "New message");
  const body = isPrivate ? "" : message.from ? `${message.from}: ${text}` : text;
  // One tag a message: two tabs make one notification of it.
  const note = new Notification(title, { body, tag: `heartline-${message.id}`, icon: "/icons/heartline-192.png" });
  note.onclick = () => {
    window.focus();
    app.go(`/c/${message.conversationId}`);
    note.close();
  };
}

function isLookedAt({ router }, message) {
  const { name, args } = router.place;
  return document.hasFocus() && name === "c" && Number(args[0]) === message.conversationId;
}
