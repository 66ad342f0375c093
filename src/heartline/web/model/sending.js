/** Sending messages, and what becomes of them: methods of Store. */

import { seal, sealBytes } from "../crypto.js";
import { prepare } from "./media.js";
import { newId } from "./rows.js";

const SENDING = 2;
export const FROM_WEBSITE = 0;
const UNDO_MS = 6_000;
export const TEXT = "text/plain";
export const STORED_AS_MEDIA = "firebase -1";

const CLOCKS_DIFFER_MS = 60_000; // at most; a conversation with a later time is of the future

const SNIPPETS = { image: "Picture", video: "Video", audio: "Audio", text: "Contact" };

export const sending = {
  /**
   * Send files and a text into a conversation, in this order; each shows at once.
   * @param {number} conversationId
   * @param {{text?: string, files?: File[]}} content
   * @throws ApiError when a file is too large; nothing is sent then
   */
  async send(conversationId, { text = "", files = [] }) {
    const prepared = await Promise.all(files.map(prepare));
    for (const file of prepared) await this.sendFile(conversationId, file);
    if (text !== "") await this.sendText(conversationId, text);
    if (this.draftOf(conversationId) !== "") await this.saveDraft(conversationId, "");
  },

  /** Send a failed message again. One that the phone could not send goes out under a new id, as the phone expects it. */
  async retry(messageId) {
    const job = this.outbox.ofMessage(messageId);
    if (job) {
      if (job.state === "failed") await this.actAgain(job);
      return;
    }
    const message = await this.message(messageId);
    if (!message) return;
    let file = null;
    if (message.isMedia) {
      const blob = await this.media(messageId);
      file = new File([blob], "", { type: message.mimeType });
    }
    await this.deleteMessage(messageId);
    if (file) await this.sendFile(message.conversationId, file);
    else await this.sendText(message.conversationId, message.text);
  },

  async deleteMessage(messageId) {
    const job = this.outbox.ofMessage(messageId);
    if (job) await this.outbox.cancel(job.seq);
    await this.act({
      action: "delete message",
      requests: [{ path: `/messages/remove/${messageId}` }],
      changes: [{ noun: "messages", id: messageId, remove: true }],
    });
  },

  /**
   * Delete a message once that can no longer be undone, also when the page is gone by then. The view hides it meanwhile.
   * @returns {{undo: () => Promise<void>}}
   */
  deleteMessageSoon(messageId) {
    const added = this.act({
      action: "delete message",
      notBefore: Date.now() + UNDO_MS,
      requests: [{ path: `/messages/remove/${messageId}` }],
      whenDone: [{ noun: "messages", id: messageId, remove: true }],
    });
    return { undo: async () => this.outbox.cancel((await added).seq) };
  },

  // --- parts of the above ---

  async sendText(conversationId, text) {
    await this.sendMessage(newId(), conversationId, text, TEXT, `You: ${text}`);
  },

  async sendFile(conversationId, file) {
    const id = newId();
    const type = file.type || "application/octet-stream";
    await this.db.putMedia(id, await sealBytes(this.key, await file.arrayBuffer()));
    const snippet = `You: <i>${SNIPPETS[type.split("/")[0]] ?? "File"} Message</i>`; // as the other clients write it
    await this.sendMessage(id, conversationId, STORED_AS_MEDIA, type, snippet, [{ path: "/media/add", media: id }]);
  },

  async sendMessage(id, conversationId, data, mimeType, snippet, before = []) {
    const timestamp = this.nextTimestamp(conversationId);
    const message = {
      device_id: id,
      device_conversation_id: conversationId,
      message_type: SENDING,
      data: await seal(this.key, data),
      timestamp,
      mime_type: await seal(this.key, mimeType),
      read: true,
      seen: true,
      sent_device: FROM_WEBSITE,
    };
    const preview = { read: true, timestamp, snippet: await seal(this.key, snippet) };
    await this.act({
      action: "send",
      messageId: id,
      requests: [
        ...before,
        // First, as an answer may come in the moment in which the message is there, and its preview is newer.
        { path: `/conversations/update/${conversationId}`, body: preview },
        { path: "/messages/add", body: { messages: [message] } },
      ],
      changes: [
        { noun: "messages", put: message },
        { noun: "conversations", id: conversationId, patch: preview },
      ],
    });
  },

  /** Now, but after what was sent before, and after what it may answer: the clocks of phone and computer differ. */
  nextTimestamp(conversationId) {
    const now = Date.now();
    const last = this.conversations.get(conversationId)?.timestamp ?? 0;
    const answered = last < now + CLOCKS_DIFFER_MS ? last : 0;
    this.lastTimestamp = Math.max(now, answered + 1, (this.lastTimestamp ?? 0) + 1);
    return this.lastTimestamp;
  },
};
