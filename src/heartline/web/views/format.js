/** Times, numbers and names, in the language and zone of the browser. */

const DAY_MS = 24 * 60 * 60 * 1000;

const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const longWeekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const dayAndMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const longDate = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const number = new Intl.NumberFormat();

export const formatTime = (timestamp) => time.format(timestamp);
export const formatFull = (timestamp) => full.format(timestamp);
export const formatMoment = (timestamp) => moment.format(timestamp);
export const formatNumber = (value) => number.format(value);

/** When, in a list: as short as it can be told. */
export function formatShort(timestamp, now = Date.now()) {
  const days = daysBetween(timestamp, now);
  if (days === 0) return time.format(timestamp);
  if (days > 0 && days < 7) return weekday.format(timestamp);
  return sameYear(timestamp, now) ? dayAndMonth.format(timestamp) : date.format(timestamp);
}

/** The line between two days of a thread. */
export function formatDay(timestamp, now = Date.now()) {
  const days = daysBetween(timestamp, now);
  if (days === 0 || days === 1) return capitalised(relative.format(-days, "day"));
  if (days > 1 && days < 7) return longWeekday.format(timestamp);
  return sameYear(timestamp, now) ? longDay.format(timestamp) : longDate.format(timestamp);
}

export const sameDay = (one, other) => startOfDay(one) === startOfDay(other);

/** The value that `<input type="datetime-local">` wants for a time. */
export function forInput(timestamp) {
  const local = new Date(timestamp);
  local.setMinutes(local.getMinutes() - local.getTimezoneOffset());
  return local.toISOString().slice(0, 16);
}

/** "Ann, Bob and Cy" in the browser's language. */
export function formatNames(names) {
  return new Intl.ListFormat(undefined, { type: "conjunction" }).format(names);
}

/** What stands in an avatar: the first letters of up to two words; nothing for a bare phone number. */
export function initials(name) {
  const words = (name ?? "").match(/[\p{L}\p{N}]\S*/gu) ?? [];
  if (!words.length || /^[\d+]/.test(words[0])) return "";
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...word][0].toLocaleUpperCase()).join("");
}

/** The digits by which two ways to write a phone number are compared; texts such as "BANK" stay what they are. */
export function comparable(phoneNumber) {
  const digits = (phoneNumber ?? "").replace(/\D/g, "");
  return digits.length >= 5 ? digits.slice(-9) : (phoneNumber ?? "").trim().toLowerCase();
}

export const numbersOf = (conversation) =>
  (conversation.phoneNumbers ?? "").split(",").map((part) => part.trim()).filter(Boolean);

function startOfDay(timestamp) {
  return new Date(timestamp).setHours(0, 0, 0, 0);
}

function daysBetween(timestamp, now) {
  return Math.round((startOfDay(now) - startOfDay(timestamp)) / DAY_MS);
}

const sameYear = (one, other) => new Date(one).getFullYear() === new Date(other).getFullYear();

const capitalised = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);
