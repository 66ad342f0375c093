/** Everything in one file: a method of Store. */

import { decodeAll, LISTS, NOUNS } from "./rows.js";

export const exporting = {
  /**
   * All that the account has on the server, decrypted, as JSON; files are named, not contained.
   * @param {{onProgress?: (done: number, total: number) => void}} [options] messages so far
   * @returns {Promise<Blob>}
   */
  async exportAll({ onProgress } = {}) {
    const parts = ["{"];
    for (const noun of LISTS) parts.push(`${JSON.stringify(noun)}:${JSON.stringify([...this[noun].values()])},\n`);
    parts.push('"messages":[');
    const total = (await this.counts()).message_count;
    const seen = new Set();
    for (let offset = 0; ; ) {
      const rows = await this.api.get(NOUNS.messages.path, { limit: NOUNS.messages.limit, offset });
      for (const message of await decodeAll(this.key, "messages", rows)) {
        if (seen.has(message.id)) continue; // new messages moved the pages
        const { pending, unsent, error, ...own } = message;
        parts.push(seen.size > 0 ? ",\n" : "\n", JSON.stringify(own));
        seen.add(message.id);
      }
      offset += rows.length;
      onProgress?.(Math.min(offset, total), total);
      if (rows.length < NOUNS.messages.limit) break;
    }
    parts.push("\n]}\n");
    return new Blob(parts, { type: "application/json" });
  },
};
