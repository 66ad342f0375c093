/** Files of messages: fetched, decrypted and kept as ciphertext; and made small enough to be sent. */

import { openBytes } from "../crypto.js";
import { ApiError } from "../api.js";

const DECRYPTED = 40; // files that are kept in memory
const PICTURE_BYTES = 1_000_000; // what phones send as MMS without complaint
const PICTURE_PIXELS = 1_500;
const QUALITIES = [0.8, 0.6, 0.45, 0.3];
export const FILE_BYTES = 20_000_000; // beyond it no phone sends a file

export class Media {
  #store;
  #blobs = new Map(); // by message: a promise; the one used last is the last

  constructor(store) {
    this.#store = store;
  }

  /** The file of a message. @returns {Promise<Blob>} of its type; rejected with `ApiError` ('not-found' when there is none) */
  get(messageId, mimeType) {
    const known = this.#blobs.get(messageId);
    this.#blobs.delete(messageId);
    const blob = known ?? this.#fetch(messageId, mimeType);
    this.#blobs.set(messageId, blob);
    if (this.#blobs.size > DECRYPTED) this.#blobs.delete(this.#blobs.keys().next().value);
    if (!known) blob.catch(() => this.#blobs.delete(messageId));
    return blob;
  }

  async #fetch(messageId, mimeType) {
    const { api, db, key } = this.#store;
    let data = await db.media(messageId);
    if (data === undefined) {
      ({ data } = await api.get(`/media/${messageId}`));
      if (typeof data !== "string") throw new ApiError("not-found", "The phone did not upload this file.");
      await db.putMedia(messageId, data).catch(() => {}); // a full disk: it is fetched again next time
    }
    try {
      return new Blob([await openBytes(key, data)], { type: mimeType });
    } catch {
      throw new ApiError("refused", "This file cannot be decrypted.");
    }
  }
}

/** A file as it is sent: large pictures become JPEG of a size that phones can send. Throws `ApiError` when it is too large. */
export async function prepare(file) {
  const prepared = isLargePicture(file) ? await shrink(file).catch(() => file) : file; // no picture after all? The phone may know
  if (prepared.size <= FILE_BYTES) return prepared;
  throw new ApiError("refused", `${file.name} is larger than ${FILE_BYTES / 1_000_000} MB, which no phone can send.`);
}

function isLargePicture({ type, size }) {
  if (type === "image/webp") return true; // many phones cannot show it
  return /^image\/(jpeg|png|bmp)$/.test(type) && size > PICTURE_BYTES;
}

async function shrink(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, PICTURE_PIXELS / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const canvas = new OffscreenCanvas(width, Math.max(1, Math.round(picture.height * scale)));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // behind what is transparent: JPEG has no such thing
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  let smallest = null;
  for (const quality of QUALITIES) {
    smallest = await canvas.convertToBlob({ type: "image/jpeg", quality });
    if (smallest.size <= PICTURE_BYTES) break;
  }
  return smallest;
}
