/**
 * From an operation of the stream to changes of rows (see database.js), or to `{refresh: noun}` where the operation does
 * not say enough, or to `{account: 'removed' | 'cleaned'}`. What is not for us gives no change.
 */

const NO_FOLDER = -1;

/** By name of the operation: its content -> changes. Ids come as numbers or as text. */
const OPERATIONS = {
  removed_account: () => [{ account: "removed" }],
  cleaned_account: () => [{ account: "cleaned" }],

  added_message: ({ id, conversation_id, type, from, ...rest }) => [
    {
      noun: "messages",
      put: {
        ...rest,
        device_id: Number(id),
        device_conversation_id: Number(conversation_id),
        message_type: Number(type),
        message_from: from ?? null,
        timestamp: Number(rest.timestamp),
      },
    },
  ],
  update_message_type: ({ id, message_type }) => patch("messages", id, { message_type: Number(message_type) }),
  updated_message: ({ id, type, timestamp, read, seen }) =>
    patch("messages", id, { message_type: Number(type), timestamp: Number(timestamp), read, seen }),
  removed_message: ({ id }) => remove("messages", id),
  cleanup_messages: ({ timestamp }) => [{ noun: "messages", before: Number(timestamp), remove: true }],
  cleanup_conversation_messages: ({ timestamp, conversation_id }) => [
    { noun: "messages", where: ofConversation(conversation_id), before: Number(timestamp), remove: true },
  ],

  added_conversation: ({ id, ...row }) => [{ noun: "conversations", put: { ...row, device_id: Number(id) } }],
  updated_conversation: ({ id, ...columns }) => patch("conversations", id, columns),
  update_conversation_snippet: ({ id, ...columns }) => patch("conversations", id, columns),
  update_conversation_title: ({ id, title }) => patch("conversations", id, { title }),
  removed_conversation: ({ id }) => removedConversation(Number(id)),
  read_conversation: ({ id }) => [
    ...patch("conversations", id, { read: true }),
    { noun: "messages", where: { ...ofConversation(id), read: false }, patch: { read: true, seen: true } },
  ],
  archive_conversation: ({ id, archive }) => patch("conversations", id, { archive, folder_id: NO_FOLDER }),
  add_conversation_to_folder: ({ id, folder_id }) => patch("conversations", id, { folder_id: Number(folder_id) }),
  remove_conversation_from_folder: ({ id }) => patch("conversations", id, { folder_id: NO_FOLDER }),
  dismissed_notification: () => [], // the phone's; conversations are marked read by an operation of its own

  added_contact: () => [{ refresh: "contacts" }], // comes without its id
  updated_contact: ({ device_id, type, ...columns }) =>
    patch("contacts", device_id, { ...columns, contact_type: Number(type) }),
  removed_contact: ({ device_id }) => remove("contacts", device_id),
  removed_contact_by_id: ({ id }) =>
    String(id)
      .split(",")
      .filter(Boolean)
      .flatMap((one) => remove("contacts", one)),

  added_draft: (content) => [{ noun: "drafts", put: draft(content) }],
  replaced_drafts: (content) => [
    { noun: "drafts", where: ofConversation(content.conversation_id), remove: true },
    { noun: "drafts", put: draft(content) },
  ],
  removed_drafts: ({ id }) => [{ noun: "drafts", where: ofConversation(id), remove: true }],

  added_blacklist: ({ id, ...row }) => [{ noun: "blacklists", put: { ...row, device_id: Number(id) } }],
  removed_blacklist: ({ id }) => remove("blacklists", id),

  added_scheduled_message: ({ id, ...row }) => [{ noun: "scheduledMessages", put: { ...row, device_id: Number(id) } }],
  updated_scheduled_message: ({ id, ...columns }) => patch("scheduledMessages", id, columns),
  removed_scheduled_message: ({ id }) => remove("scheduledMessages", id),

  added_folder: (row) => [{ noun: "folders", put: { ...row, device_id: Number(row.device_id) } }],
  updated_folder: ({ device_id, ...columns }) => patch("folders", device_id, columns),
  removed_folder: ({ id }) => removedFolder(Number(id)),

  added_template: (row) => [{ noun: "templates", put: { ...row, device_id: Number(row.device_id) } }],
  updated_template: ({ device_id, text }) => patch("templates", device_id, { text }),
  removed_template: ({ id }) => remove("templates", id),

  added_auto_reply: ({ type, ...row }) => [
    { noun: "autoReplies", put: { ...row, device_id: Number(row.device_id), reply_type: type } },
  ],
  updated_auto_reply: ({ device_id, type, ...columns }) =>
    patch("autoReplies", device_id, { ...columns, reply_type: type }),
  removed_auto_reply: ({ id }) => remove("autoReplies", id),

  update_setting: (content) => [{ setting: content }],
  updated_account: ({ real_name }) => [{ realName: real_name }],
  update_primary_device: ({ new_primary_device_id }) => [
    { noun: "devices", where: { primary: true }, patch: { primary: false } },
    ...patch("devices", new_primary_device_id, { primary: true }),
  ],
};

/** The changes that an operation means. */
export function changesOf(operation, content) {
  return OPERATIONS[operation]?.(content) ?? [];
}

/** A conversation is gone, and its messages and drafts with it. */
export function removedConversation(id) {
  return [
    { noun: "conversations", id, remove: true },
    { noun: "messages", where: ofConversation(id), remove: true },
    { noun: "drafts", where: ofConversation(id), remove: true },
  ];
}

/** A folder is gone; what was in it is in none. */
export function removedFolder(id) {
  return [
    { noun: "folders", id, remove: true },
    { noun: "conversations", where: { folder_id: id }, patch: { folder_id: NO_FOLDER } },
  ];
}

function patch(noun, id, columns) {
  return [{ noun, id: Number(id), patch: columns }];
}

function remove(noun, id) {
  return [{ noun, id: Number(id), remove: true }];
}

function ofConversation(id) {
  return { device_conversation_id: Number(id) };
}

function draft({ id, conversation_id, data, mime_type }) {
  return { device_id: Number(id), device_conversation_id: Number(conversation_id), data, mime_type };
}
