/** Logging in and out: methods of Store. */

import { Api, ApiError } from "../api.js";
import { deriveKey, isAvailable, loginSecret } from "../crypto.js";

const NO_CRYPTOGRAPHY =
  "Your browser only decrypts on a secure page. Open this address with https, or on the machine itself as localhost.";
const NO_DATABASE = "Your browser does not let this page keep its key. In a private window, try a normal one.";

export const sessions = {
  /** Throws `ApiError`: 'wrong-password', 'unreachable', 'busy', 'insecure', 'refused'. */
  async logIn(username, password) {
    this.checkBrowser();
    const reply = await new Api().post("/accounts/login", { body: { username, password: await loginSecret(password) } });
    const key = await deriveKey(password, reply);
    const realName = reply.name ?? reply.real_name ?? "";
    await this.begin({ username, accountId: reply.account_id, realName, key }, { isNew: true });
  },

  /**
   * Create an account and log in. Throws also 'name-taken' and 'not-allowed'.
   * @param {{username: string, password: string, realName?: string, phoneNumber?: string}} person
   */
  async signUp({ username, password, realName = "", phoneNumber = "" }) {
    this.checkBrowser();
    const body = { name: username, password: await loginSecret(password), real_name: realName, phone_number: phoneNumber };
    const reply = await new Api().post("/accounts/signup", { body });
    const key = await deriveKey(password, reply);
    await this.begin({ username, accountId: reply.account_id, realName, key }, { isNew: true });
  },

  /** Forget the account in this browser, in all its tabs, with what was not sent yet. */
  async logOut() {
    await this.end();
  },

  /** Let the device that shows this code log in to the account. Throws 'not-found' when none is waiting with it. */
  async approveActivation(code) {
    try {
      await this.api.post("/activate", { body: { activation_code: code.trim().toUpperCase() } });
    } catch (error) {
      if (error.kind !== "not-found") throw error;
      throw new ApiError("not-found", "No device is waiting with this code. Codes live for ten minutes.", 404);
    }
  },

  /** Delete everything that the account holds on the server; the account stays. */
  async cleanAccount() {
    await this.api.post("/accounts/clean_account");
    await this.sync.reload();
  },

  /** Delete the account itself. */
  async removeAccount() {
    await this.api.post("/accounts/remove_account");
    await this.end();
  },

  checkBrowser() {
    if (!isAvailable()) throw new ApiError("insecure", NO_CRYPTOGRAPHY);
    if (!this.db) throw new ApiError("insecure", NO_DATABASE);
  },
};
