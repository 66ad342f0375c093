/** One conversation in the list. */

import { avatar } from "./avatar.js";
import { h } from "./dom.js";
import { formatShort } from "./format.js";
import { icon } from "./icons.js";

/** What in a row may be another without the conversation being another. */
export const rowKey = ({ conversation, draft, isSelected }) =>
  `${isSelected} ${formatShort(conversation.timestamp)} ${draft}`;

/** A row; `item` is {conversation, draft, isSelected}. */
export function conversationRow(app, { conversation, draft, isSelected }) {
  const { id, title, snippet, timestamp, read, pinned, mute } = conversation;
  const link = h(
    "a.conversation",
    {
      href: `#/c/${id}`,
      class: read ? "" : "unread",
      "data-id": id,
      "aria-current": isSelected ? "page" : null,
    },
    avatar(conversation),
    h(
      "span.row-words",
      {},
      h("span.row-top", {}, h("bdi.row-title", {}, title), h("time.row-time", {}, formatShort(timestamp))),
      h(
        "span.row-bottom",
        {},
        h("span.row-snippet", { dir: draft ? null : "auto" }, draft ? [h("em", {}, "Draft: "), h("bdi", {}, draft)] : snippet || " "),
        mute && mark("mute", "Muted"),
        pinned && mark("pin", "Pinned"),
        !read && h("span.unread-dot", {}, h("span.spoken", {}, "Unread")),
      ),
    ),
  );
  return h("li", {}, link);
}

const mark = (image, words) => h("span.row-mark", {}, icon(image), h("span.spoken", {}, words));
