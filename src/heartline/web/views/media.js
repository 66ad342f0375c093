/** Files in messages: pictures, videos, sound and contacts; each loaded and decrypted when it comes into sight. */

import { button, iconButton } from "./controls.js";
import { showDialog } from "./dialog.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { readVcard } from "./vcard.js";

const AHEAD = "600px";
/** How far from the window a file begins to load. */

const waiting = new WeakMap();
const sight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      waiting.get(target)?.();
    }
  },
  { rootMargin: AHEAD, scrollMargin: AHEAD }, // the latter for what is above and below in the thread's own scroller
);

/** The place of a message's file. It has its final height before the file is there, so that nothing jumps. */
export function fileOf(app, message) {
  const kind = kindOf(message.mimeType);
  const frame = h(`.media.${kind}`, {}, h("span.media-wait", {}, icon(kind === "picture" ? "download" : "file"), "Loading…"));
  const load = async () => {
    try {
      const blob = await app.store.media(message.id);
      replace(frame, await SHOW[kind](blob, message));
    } catch (error) {
      replace(frame, h("span.media-wait", {}, icon("failed"), error.message), button("Try again", load));
    }
  };
  waiting.set(frame, load);
  sight.observe(frame);
  return frame;
}

function kindOf(mimeType) {
  if (mimeType.startsWith("image/")) return "picture";
  if (mimeType.startsWith("video/")) return "video";
  if (mimeType.startsWith("audio/")) return "audio";
  return /vcard|text\/directory/.test(mimeType) ? "vcard" : "other";
}

const SHOW = {
  picture(blob, message) {
    const url = URL.createObjectURL(blob);
    const label = `Picture${message.from ? ` from ${message.from}` : ""}, open it large`;
    const picture = h("img", { src: url, alt: "Picture", decoding: "async" });
    const open = () => showPicture(url, blob, message);
    const shown = h("button.picture-button", { type: "button", "aria-label": label, onclick: open }, picture);
    const broken = () => shown.replaceWith(h("span.media-wait", {}, icon("failed"), "This picture cannot be shown."));
    picture.addEventListener("error", broken, { once: true });
    return shown;
  },
  video: (blob) => h("video", { src: URL.createObjectURL(blob), controls: true, preload: "metadata", "aria-label": "Video" }),
  audio: (blob) => h("audio", { src: URL.createObjectURL(blob), controls: true, preload: "metadata", "aria-label": "Sound" }),
  async vcard(blob) {
    const people = readVcard(await blob.text());
    return [
      people.map(({ name, phones, emails }) =>
        h(
          ".vcard-person",
          {},
          h("strong", {}, icon("person"), name || "Contact"),
          phones.map((phone) => h("a", { href: `#/new/${encodeURIComponent(phone)}` }, phone)),
          emails.map((email) => h("a", { href: `mailto:${email}` }, email)),
        ),
      ),
      button("Save contact", () => saveBlob(blob, "contact.vcf"), { image: "download" }),
    ];
  },
  other: (blob, message) => [
    h("span.media-wait", {}, icon("file"), message.mimeType),
    button("Save the file", () => saveBlob(blob, `heartline-${message.id}`), { image: "download" }),
  ],
};

function showPicture(url, blob, message) {
  return showDialog("Picture", h("img.large-picture", { src: url, alt: "Picture" }), {
    kind: "wide",
    actions: () => [iconButton("download", "Save the picture", () => saveBlob(blob, `heartline-${message.id}`))],
  });
}

/** Give a file to the browser to save. */
export function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  const extension = name.includes(".") ? "" : (EXTENSIONS[blob.type] ?? "");
  h("a", { href: url, download: name + extension }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

const KEPT_MS = 60_000;
const EXTENSIONS = {
  "image/jpeg": ".jpg",
  "image/png": ".png",
  "image/gif": ".gif",
  "image/webp": ".webp",
  "video/mp4": ".mp4",
  "video/3gpp": ".3gp",
  "audio/mpeg": ".mp3",
  "audio/amr": ".amr",
  "audio/ogg": ".ogg",
};
