/** Private conversations: not in the list, not in search, without words in notifications, until the passcode was given. */

import { showForm } from "./dialog.js";

export class PrivateLock {
  #isOpen = false;

  constructor(store) {
    this.store = store;
    document.addEventListener("visibilitychange", () => document.hidden && this.#closeLater());
  }

  get isOpen() {
    return this.#isOpen || !this.store.settings.passcode;
  }

  close() {
    this.#isOpen = false;
  }

  /** Ask for the passcode, if there is one and it was not given yet. Resolves whether it is open now. */
  async ask() {
    if (this.isOpen) return true;
    const field = {
      name: "passcode",
      label: "Passcode",
      type: "password",
      inputMode: "numeric",
      autocomplete: "off",
      required: true,
    };
    const given = await showForm("Private conversations", [field], ({ passcode }) => this.#check(passcode), {
      action: "Open",
    });
    this.#isOpen = given !== null;
    return this.#isOpen;
  }

  #check(passcode) {
    if (passcode !== this.store.settings.passcode) throw new Error("That is not the passcode.");
  }

  /** A tab that was away for a while asks again. */
  #closeLater() {
    const timer = setTimeout(() => this.close(), AWAY_MS);
    document.addEventListener("visibilitychange", () => clearTimeout(timer), { once: true });
  }
}

const AWAY_MS = 5 * 60 * 1000;
