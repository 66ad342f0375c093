/** What can be done with conversations: methods of Store. Each shows at once and goes out when there is a connection. */

import { seal } from "../crypto.js";
import { removedConversation } from "./operations.js";
import { newId } from "./rows.js";

const NO_FOLDER = -1;
const UNDO_MS = 6_000;
const DARKER = 0.75;
const LIGHTER = 0.5;

export const organising = {
  /** Put a conversation into the archive, or out of it; either way it leaves its folder. */
  async archive(id, isArchived = true) {
    await this.act({
      action: isArchived ? "archive" : "unarchive",
      coalesce: `archive:${id}`,
      requests: [{ path: `/conversations/${isArchived ? "archive" : "unarchive"}/${id}` }],
      changes: [{ noun: "conversations", id, patch: { archive: isArchived, folder_id: NO_FOLDER } }],
    });
  },

  async markRead(id, isRead = true) {
    const requests = isRead
      ? [{ path: `/conversations/read/${id}` }, { path: "/accounts/dismissed_notification", query: { id } }]
      : [{ path: `/conversations/update/${id}`, body: { read: false } }];
    const changes = [{ noun: "conversations", id, patch: { read: isRead } }];
    if (isRead) {
      const where = { device_conversation_id: id, read: false };
      changes.push({ noun: "messages", where, patch: { read: true, seen: true } });
    }
    await this.act({ action: isRead ? "mark as read" : "mark as unread", coalesce: `read:${id}`, requests, changes });
  },

  pin(id, isPinned = true) {
    return this.updateConversation(id, { pinned: isPinned }, "pin");
  },

  mute(id, isMuted = true) {
    return this.updateConversation(id, { mute: isMuted }, "mute");
  },

  /** Private conversations are shown behind the passcode only. */
  setPrivateNotifications(id, isPrivate = true) {
    return this.updateConversation(id, { private_notifications: isPrivate }, "change the privacy");
  },

  async rename(id, title) {
    const sealed = await seal(this.key, title);
    await this.act({
      action: "rename",
      coalesce: `rename:${id}`,
      requests: [{ path: `/conversations/update/${id}`, body: { title: sealed } }],
      changes: [{ noun: "conversations", id, patch: { title: sealed } }],
    });
  },

  /** @param {number} argb signed, 32 bits */
  recolor(id, argb) {
    return this.updateConversation(id, colorsFrom(argb), "change the colour");
  },

  /** @param {number | null} folderId null for none */
  async setFolder(id, folderId) {
    const request =
      folderId === null
        ? { path: `/conversations/remove_from_folder/${id}` }
        : { path: `/conversations/add_to_folder/${id}`, query: { folder_id: folderId } };
    await this.act({
      action: "move",
      coalesce: `folder:${id}`,
      requests: [request],
      changes: [{ noun: "conversations", id, patch: { folder_id: folderId ?? NO_FOLDER } }],
    });
  },

  /**
   * Delete a conversation with its messages: hidden at once, deleted when it can no longer be undone.
   * @returns {{undo: () => Promise<void>}}
   */
  deleteConversation(id) {
    const added = this.act({
      action: "delete conversation",
      hides: id,
      notBefore: Date.now() + UNDO_MS,
      requests: [{ path: `/conversations/remove/${id}` }],
      whenDone: removedConversation(id),
    });
    return {
      undo: async () => {
        const { seq } = await added;
        await this.outbox.cancel(seq);
      },
    };
  },

  // --- drafts ---

  /** Keep what was written and not sent, on all devices; an empty text removes it. */
  async saveDraft(conversationId, text) {
    const known = this.textDraftOf(conversationId);
    if ((known?.text ?? "") === text) return;
    const where = { device_conversation_id: conversationId };
    const removal = { noun: "drafts", where, remove: true };
    const job = { action: "save draft", coalesce: `draft:${conversationId}` };
    if (text === "") {
      await this.act({ ...job, requests: [{ path: `/drafts/remove/${conversationId}` }], changes: [removal] });
      return;
    }
    const row = {
      device_id: known?.id ?? newId(),
      device_conversation_id: conversationId,
      data: await seal(this.key, text),
      mime_type: await seal(this.key, "text/plain"),
    };
    await this.act({
      ...job,
      requests: [{ path: `/drafts/replace/${conversationId}`, body: { drafts: [row] } }],
      changes: [removal, { noun: "drafts", put: row }],
    });
  },

  /** The draft's text, '' when there is none. */
  draftOf(conversationId) {
    return this.textDraftOf(conversationId)?.text ?? "";
  },

  textDraftOf(conversationId) {
    for (const draft of this.drafts.values()) {
      if (draft.conversationId === conversationId && draft.mimeType === "text/plain") return draft;
    }
    return undefined;
  },

  async updateConversation(id, columns, what) {
    await this.act({
      action: what,
      coalesce: `${what}:${id}`,
      requests: [{ path: `/conversations/update/${id}`, body: columns }],
      changes: [{ noun: "conversations", id, patch: columns }],
    });
  },
};

/** The four colours that a row has, from the one that a person picks. */
export function colorsFrom(argb) {
  const channels = [16, 8, 0].map((shift) => (argb >>> shift) & 0xff);
  const mix = (change) => channels.reduce((color, channel) => (color << 8) | Math.round(change(channel)), 0xff) | 0;
  const color = mix((channel) => channel);
  const dark = mix((channel) => channel * DARKER);
  const light = mix((channel) => channel + (255 - channel) * LIGHTER);
  return { color, color_dark: dark, color_light: light, color_accent: color };
}
