/**
 * The end-to-end scheme of Pulse and Heart SMS: PBKDF2-HMAC-SHA1 twice from the password to one key, AES-256-CBC for
 * every value. The key is not extractable: it can be kept and used in this browser, and read by nobody, us included.
 */

const ITERATIONS = 10_000;
const SEPARATOR = "-:-";
const IV_BYTES = 16;
const CHARACTERS_AT_ONCE = 0x8000; // arguments that a function call can take

/** What stands in the place of a value that is no ciphertext of this account; never shown as if somebody wrote it. */
export const UNREADABLE = "\u26a0 This cannot be decrypted.";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** True when the browser lets this page use cryptography: on localhost and over TLS. */
export function isAvailable() {
  return globalThis.isSecureContext === true && globalThis.crypto?.subtle !== undefined;
}

/**
 * The account's key. The salts are used as the text that the server sent; the step between password and key exists only
 * inside this function.
 * @param {string} password what the person typed
 * @param {{account_id: string, salt1: string, salt2: string}} account reply of login or signup
 * @returns {Promise<CryptoKey>} AES-CBC, not extractable
 */
export async function deriveKey(password, { account_id: accountId, salt1, salt2 }) {
  const secret = await crypto.subtle.deriveBits(pbkdf2(salt2), await material(password), 256);
  const text = `${accountId}:${toBase64(new Uint8Array(secret))}\n`; // the line feed is part of the scheme
  const algorithm = { name: "AES-CBC", length: 256 };
  return crypto.subtle.deriveKey(pbkdf2(salt1), await material(text), algorithm, false, ["encrypt", "decrypt"]);
}

/** What a server gets in the place of the password: the lower-case hex SHA-256 of it. */
export async function loginSecret(password) {
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(password));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Encrypt bytes. @returns {Promise<string>} `base64(iv)-:-base64(ciphertext)` */
export async function sealBytes(key, bytes) {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const ciphertext = await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, bytes);
  return toBase64(iv) + SEPARATOR + toBase64(new Uint8Array(ciphertext));
}

/** Decrypt bytes. Throws when the text is no ciphertext of this key. @returns {Promise<Uint8Array>} */
export async function openBytes(key, text) {
  const at = text.indexOf(SEPARATOR);
  if (at < 0) throw new TypeError("no ciphertext");
  const iv = fromBase64(text.slice(0, at));
  const ciphertext = fromBase64(text.slice(at + SEPARATOR.length));
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, ciphertext));
}

/** Encrypt a text; null and undefined stay null. */
export async function seal(key, text) {
  return text === null || text === undefined ? null : sealBytes(key, encoder.encode(text));
}

/** Decrypt a text; null (also written out, as some phones do) stays null, and what cannot be read is `UNREADABLE`. */
export async function open(key, text) {
  if (text === null || text === undefined || text === "null") return null;
  try {
    return decoder.decode(await openBytes(key, text));
  } catch {
    return UNREADABLE;
  }
}

async function material(text) {
  return crypto.subtle.importKey("raw", encoder.encode(text), "PBKDF2", false, ["deriveBits", "deriveKey"]);
}

function pbkdf2(salt) {
  return { name: "PBKDF2", hash: "SHA-1", salt: encoder.encode(salt), iterations: ITERATIONS };
}

function toBase64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHARACTERS_AT_ONCE) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHARACTERS_AT_ONCE));
  }
  return btoa(binary);
}

function fromBase64(text) {
  const binary = atob(text); // passes over line breaks, which Android writes
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
