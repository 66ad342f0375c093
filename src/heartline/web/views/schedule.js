/** The form for a message that the phone sends later, opened from a conversation. */

import { scheduled } from "./collections.js";
import { showForm } from "./dialog.js";

/** Ask for the rest of a scheduled message {to, title, text} and save it. Resolves with the values, or null. */
export function schedule({ store }, message) {
  return showForm("Send later", scheduled.fields(message), (values) => scheduled.save(store, values, message));
}
