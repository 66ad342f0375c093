/** What can be done with a conversation: in its menu, and by keys. */

import { PALETTE, fromHex, toneOf } from "./colour.js";
import { showForm } from "./dialog.js";
import { formatNames, numbersOf } from "./format.js";
import { openMenu } from "./menu.js";
import { attempt, toast } from "./toast.js";
import { showDetails } from "./details.js";

export function openConversationMenu(app, id, anchor) {
  const { store } = app;
  const conversation = store.conversations.get(id);
  if (!conversation) return;
  const { pinned, read, mute, archive, privateNotifications } = conversation;
  const act = (promise) => attempt(promise);
  openMenu(anchor, `Actions for ${conversation.title}`, [
    { label: read ? "Mark as unread" : "Mark as read", image: "unread", keys: "u", action: () => act(store.markRead(id, !read)) },
    { label: pinned ? "Unpin" : "Pin to the top", image: "pin", keys: "p", action: () => act(store.pin(id, !pinned)) },
    { label: mute ? "Unmute" : "Mute", image: mute ? "bell" : "mute", keys: "m", action: () => act(store.mute(id, !mute)) },
    { label: "Move to a folder", image: "folder", action: () => chooseFolder(app, conversation) },
    {
      label: privateNotifications ? "No longer private" : "Make private",
      image: "lock",
      action: () => act(store.setPrivateNotifications(id, !privateNotifications)),
    },
    null,
    { label: "Details", image: "info", keys: "i", action: () => showDetails(app, id) },
    { label: "Rename", image: "edit", action: () => rename(app, conversation) },
    { label: "Colour", image: "palette", action: () => recolor(app, conversation) },
    null,
    {
      label: archive ? "Take out of the archive" : "Archive",
      image: archive ? "unarchive" : "archive",
      keys: "e",
      action: () => archiveConversation(app, id),
    },
    { label: "Block", image: "block", action: () => block(app, conversation) },
    { label: "Delete", image: "delete", keys: "#", danger: true, action: () => deleteConversation(app, id) },
  ]);
}

/** Put a conversation into the archive or out of it, with a note to undo that. */
export function archiveConversation(app, id) {
  const { store } = app;
  const conversation = store.conversations.get(id);
  if (!conversation) return;
  const { archive, folderId } = conversation;
  attempt(store.archive(id, !archive));
  leave(app, id);
  toast(archive ? `${conversation.title} is back in the list.` : `${conversation.title} is archived.`, {
    label: "Undo",
    action: async () => {
      await attempt(store.archive(id, archive));
      if (folderId !== null) await attempt(store.setFolder(id, folderId));
    },
  });
}

/** Delete a conversation once the note that undoes it is gone. */
export function deleteConversation(app, id) {
  const conversation = app.store.conversations.get(id);
  if (!conversation) return;
  const { undo } = app.store.deleteConversation(id);
  leave(app, id);
  toast(`${conversation.title} is deleted.`, { label: "Undo", action: () => attempt(undo()), shownMs: 5500 });
}

/** When the conversation is the one on the page, go back to the list. */
function leave({ router, go }, id) {
  const { name, args } = router.place;
  if (name === "c" && Number(args[0]) === id) go("/", { replace: true });
}

export function rename({ store }, { id, title }) {
  return showForm("Rename the conversation", [{ name: "title", label: "Name", value: title, required: true }], (values) =>
    store.rename(id, values.title.trim() || title),
  );
}

function recolor({ store }, conversation) {
  const field = { name: "color", label: "Colour", type: "colour", options: PALETTE, value: toneOf(conversation) };
  return showForm(
    "Colour of the conversation",
    [field],
    ({ color }) => color && store.recolor(conversation.id, fromHex(color)),
  );
}

function chooseFolder({ store }, { id, folderId }) {
  const options = [["", "No folder"], ...[...store.folders.values()].map((folder) => [folder.id, folder.name])];
  return showForm(
    "Move to a folder",
    [
      { name: "folder", label: "Folder", type: "select", options, value: folderId ?? "" },
      { name: "created", label: "Or a new folder", hint: "Leave empty to use one that exists." },
    ],
    async ({ folder, created }) => {
      const target = created.trim() ? await store.saveFolder({ name: created.trim() }) : folder ? Number(folder) : null;
      if (target !== folderId) await store.setFolder(id, target);
    },
    { action: "Move" },
  );
}

async function block({ store }, conversation) {
  const numbers = numbersOf(conversation);
  const ids = await attempt(Promise.all(numbers.map((phoneNumber) => store.addBlacklist({ phoneNumber }))));
  if (!ids) return;
  toast(`${formatNames(numbers)} cannot write to you any more.`, {
    label: "Undo",
    action: () => attempt(Promise.all(ids.map((id) => store.removeBlacklist(id)))),
  });
}
