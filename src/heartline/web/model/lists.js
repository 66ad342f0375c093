/** The smaller lists of an account and its settings: methods of Store. */

import { seal } from "../crypto.js";
import { colorsFrom } from "./organising.js";
import { removedFolder } from "./operations.js";
import { groupMatcher, newId, splitNumbers } from "./rows.js";
import { prefOf, typeOf } from "./settings.js";

const CONTACT_OF_UNKNOWN_TYPE = 4;
const DEFAULT_COLOR = -15239470;

export const lists = {
  /** Add or, with an `id`, change a contact. @returns {Promise<number>} its id; so do the others here */
  async saveContact({ id, name, phoneNumber, color }) {
    const columns = {
      name: await seal(this.key, name),
      phone_number: await seal(this.key, phoneNumber),
      ...(color === undefined && id !== undefined ? {} : colorsFrom(color ?? DEFAULT_COLOR)),
    };
    if (id !== undefined) {
      const request = { path: "/contacts/update_device_id", query: { device_id: id }, body: columns };
      return this.saveRow("contacts", "save contact", id, columns, request);
    }
    const row = {
      ...columns,
      device_id: newId(),
      id_matcher: await seal(this.key, groupMatcher(splitNumbers(phoneNumber))),
      contact_type: CONTACT_OF_UNKNOWN_TYPE,
    };
    return this.addRow("contacts", "save contact", row, { path: "/contacts/add", body: { contacts: [row] } });
  },

  removeContact(id) {
    const request = { path: "/contacts/remove_device_id", query: { device_id: id } };
    return this.removeRow("contacts", "delete contact", id, request);
  },

  async saveTemplate({ id, text }) {
    const columns = { text: await seal(this.key, text) };
    if (id !== undefined) {
      return this.saveRow("templates", "save template", id, columns, { path: `/templates/update/${id}`, body: columns });
    }
    const row = { ...columns, device_id: newId() };
    return this.addRow("templates", "save template", row, { path: "/templates/add", body: { templates: [row] } });
  },

  removeTemplate(id) {
    return this.removeRow("templates", "delete template", id, { path: `/templates/remove/${id}` });
  },

  async saveFolder({ id, name, color }) {
    const columns = {
      name: await seal(this.key, name),
      ...(color === undefined && id !== undefined ? {} : colorsFrom(color ?? DEFAULT_COLOR)),
    };
    if (id !== undefined) {
      return this.saveRow("folders", "save folder", id, columns, { path: `/folders/update/${id}`, body: columns });
    }
    const row = { ...columns, device_id: newId() };
    return this.addRow("folders", "save folder", row, { path: "/folders/add", body: { folders: [row] } });
  },

  /** Delete a folder; what is in it stays, in none. */
  async removeFolder(id) {
    const requests = [{ path: `/folders/remove/${id}` }];
    await this.act({ action: "delete folder", requests, changes: removedFolder(id) });
  },

  async saveAutoReply({ id, replyType, pattern, response }) {
    const columns = {
      reply_type: replyType,
      pattern: await seal(this.key, pattern),
      response: await seal(this.key, response),
    };
    if (id !== undefined) {
      const request = { path: `/auto_replies/update/${id}`, body: columns };
      return this.saveRow("autoReplies", "save auto reply", id, columns, request);
    }
    const row = { ...columns, device_id: newId() };
    const request = { path: "/auto_replies/add", body: { auto_replies: [row] } };
    return this.addRow("autoReplies", "save auto reply", row, request);
  },

  removeAutoReply(id) {
    return this.removeRow("autoReplies", "delete auto reply", id, { path: `/auto_replies/remove/${id}` });
  },

  /**
   * Have the phone send something later.
   * @param {{id?: number, to: string, title?: string, text: string, timestamp: number, repeat?: number}} message numbers
   *     with commas; repeat: 0 never, 1 daily, 2 weekly, 3 monthly, 4 yearly
   */
  async saveScheduledMessage({ id, to, title, text, mimeType = "text/plain", timestamp, repeat = 0 }) {
    const [sealedTo, data, mime, sealedTitle] = await Promise.all(
      [splitNumbers(to).join(","), text, mimeType, title || to].map((plain) => seal(this.key, plain)),
    );
    const columns = { to: sealedTo, data, mime_type: mime, title: sealedTitle, timestamp, repeat };
    if (id !== undefined) {
      const request = { path: `/scheduled_messages/update/${id}`, body: columns };
      return this.saveRow("scheduledMessages", "schedule", id, columns, request);
    }
    const row = { ...columns, device_id: newId() };
    const request = { path: "/scheduled_messages/add", body: { scheduled_messages: [row] } };
    return this.addRow("scheduledMessages", "schedule", row, request);
  },

  removeScheduledMessage(id) {
    const request = { path: `/scheduled_messages/remove/${id}` };
    return this.removeRow("scheduledMessages", "delete scheduled message", id, request);
  },

  /** Block a number, or every message with a phrase. */
  async addBlacklist({ phoneNumber = null, phrase = null }) {
    const row = {
      device_id: newId(),
      phone_number: await seal(this.key, phoneNumber),
      phrase: await seal(this.key, phrase),
    };
    return this.addRow("blacklists", "block", row, { path: "/blacklists/add", body: { blacklists: [row] } });
  },

  removeBlacklist(id) {
    return this.removeRow("blacklists", "unblock", id, { path: `/blacklists/remove/${id}` });
  },

  // --- devices ---

  renameDevice(id, name) {
    const request = { path: `/devices/update/${id}`, query: { name } };
    return this.saveRow("devices", "rename device", id, { name }, request);
  },

  removeDevice(id) {
    return this.removeRow("devices", "remove device", id, { path: `/devices/remove/${id}` });
  },

  /** Make a device the one that sends. */
  async makePrimary(id) {
    await this.act({
      action: "make primary",
      requests: [{ path: "/devices/update_primary", query: { new_primary_device_id: id } }],
      changes: [
        { noun: "devices", where: { primary: true }, patch: { primary: false } },
        { noun: "devices", id, patch: { primary: true } },
      ],
    });
  },

  // --- settings ---

  /** Change a setting, under the name that `settings` has for it. */
  async setSetting(name, value) {
    const stored = name === "passcode" ? await seal(this.key, value) : value;
    const query = { pref: prefOf(name), type: typeOf(stored), value: stored ?? "" };
    const content = { pref: query.pref, type: query.type, value: stored };
    const requests = [{ path: "/accounts/update_setting", query }];
    await this.act({ action: "change setting", coalesce: `setting:${name}`, requests, changes: [{ setting: content }] });
  },

  // --- parts of the above ---

  async addRow(noun, action, row, request) {
    await this.act({ action, requests: [request], changes: [{ noun, put: row }] });
    return row.device_id;
  },

  async saveRow(noun, action, id, columns, request) {
    await this.act({ action, requests: [request], changes: [{ noun, id, patch: columns }] });
    return id;
  },

  async removeRow(noun, action, id, request) {
    await this.act({ action, requests: [request], changes: [{ noun, id, remove: true }] });
  },
};
