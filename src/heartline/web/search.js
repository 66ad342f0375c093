/**
 * Search over all messages. The index is built from the decrypted messages the first time that somebody searches, in a
 * worker so that the page stays smooth, and is only in memory.
 */

import { ApiError } from "./api.js";

export class Search {
  #worker = null;
  #key;
  #accountId;
  #waiting = new Map();
  #next = 1;

  constructor(key, accountId) {
    this.#key = key;
    this.#accountId = accountId;
  }

  /** Messages with all these words, newest first. Rejected with `ApiError`, or as the signal says. */
  find(text, options = {}) {
    return this.#ask({ find: text }, options);
  }

  /** When a message was, or undefined when there is no such message. */
  timestampOf(messageId) {
    return this.#ask({ timestampOf: messageId });
  }

  #ask(question, { onProgress, signal } = {}) {
    signal?.throwIfAborted();
    const worker = this.#start();
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress });
      signal?.addEventListener("abort", () => {
        this.#waiting.delete(id);
        reject(signal.reason);
      });
      worker.postMessage({ ...question, id });
    });
  }

  /** Tell the index of changed messages. */
  change(changes) {
    this.#worker?.postMessage({ changes });
  }

  /** Forget the index, as history was lost; the next search builds it again. */
  reset() {
    this.stop();
  }

  stop() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#waiting.values()) reject(new ApiError("refused", "The search was interrupted."));
    this.#waiting.clear();
  }

  #start() {
    if (this.#worker === null) {
      this.#worker = new Worker("/search-worker.js", { type: "module" });
      this.#worker.onmessage = ({ data }) => this.#hear(data);
      this.#worker.onerror = () => this.stop();
      this.#worker.postMessage({ key: this.#key, accountId: this.#accountId });
    }
    return this.#worker;
  }

  #hear({ id, found, error, progress }) {
    if (progress) {
      for (const { onProgress } of this.#waiting.values()) onProgress?.(...progress);
      return;
    }
    const asked = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) asked?.reject(new ApiError(error.kind, error.message));
    else asked?.resolve(found);
  }
}
