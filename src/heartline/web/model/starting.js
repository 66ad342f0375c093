/**
 * Texting people with whom there is no conversation yet, which the phone begins: methods of Store. There is no row to show
 * what became of such a message, so the outbox keeps what was refused, and `unsentStarts` lists it.
 */

import { open, seal, sealBytes } from "../crypto.js";
import { prepare } from "./media.js";
import { groupMatcher, newId, splitNumbers } from "./rows.js";
import { FROM_WEBSITE, STORED_AS_MEDIA, TEXT } from "./sending.js";

export const starting = {
  /**
   * Text a number, or several, with whom there is no conversation yet; the phone begins one. An existing one is used.
   * @param {string[]} numbers
   * @returns {Promise<number | null>} the conversation, when there is one already
   */
  async sendToNew(numbers, { text = "", files = [] }) {
    const known = this.findConversation(numbers);
    if (known) {
      await this.send(known.id, { text, files });
      return known.id;
    }
    const prepared = await Promise.all(files.map(prepare));
    const to = numbers.join(",");
    for (const file of prepared) {
      const id = newId();
      await this.db.putMedia(id, await sealBytes(this.key, await file.arrayBuffer()));
      await this.startWith(id, to, STORED_AS_MEDIA, file.type, [{ path: "/media/add", media: id }]);
    }
    if (text !== "") await this.startWith(newId(), to, text, TEXT);
    return null;
  },

  /** The conversation with exactly these people. */
  findConversation(numbers) {
    const wanted = groupMatcher(numbers);
    for (const conversation of this.conversations.values()) {
      if (groupMatcher(splitNumbers(conversation.phoneNumbers)) === wanted) return conversation;
    }
    return undefined;
  },

  /**
   * Messages to new people that the server refused, oldest first; `retryStart` and `discardStart` take their `id`.
   * @returns {Promise<{id: number, numbers: string[], text: string, isMedia: boolean, error: string}[]>}
   */
  async unsentStarts() {
    const failed = this.outbox.jobs.filter(({ starts, state }) => starts && state === "failed");
    return Promise.all(
      failed.map(async ({ messageId, requests, error }) => {
        const { to, message, mime_type: mimeType } = requests.at(-1).body;
        const [numbers, text, type] = await Promise.all([to, message, mimeType].map((sealed) => open(this.key, sealed)));
        const isMedia = type !== TEXT;
        return { id: messageId, numbers: splitNumbers(numbers), text: isMedia ? "" : text, isMedia, error };
      }),
    );
  },

  async retryStart(id) {
    const job = this.outbox.ofMessage(id);
    if (job?.state === "failed") await this.actAgain(job);
  },

  async discardStart(id) {
    const job = this.outbox.ofMessage(id);
    if (job?.state === "failed") await this.outbox.cancel(job.seq);
  },

  // --- parts of the above ---

  /** The phone recognises a message by its id when it comes twice. */
  async startWith(id, to, message, mimeType, before = []) {
    const [sealedTo, sealedMessage, sealedType] = await Promise.all(
      [to, message, mimeType].map((text) => seal(this.key, text)),
    );
    const body = {
      to: sealedTo,
      message: sealedMessage,
      mime_type: sealedType,
      message_id: id,
      sent_device: FROM_WEBSITE,
    };
    const requests = [...before, { path: "/messages/forward_to_phone", body }];
    await this.act({ action: "start the conversation", starts: true, messageId: id, requests });
  },
};
