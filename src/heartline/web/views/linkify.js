/** Texts with their links: web pages, mail addresses and phone numbers become links, everything else stays text. */

import { h } from "./dom.js";

const LINK =
  /(https?:\/\/[^\s<>"]+|www\.[^\s<>"]+\.[^\s<>"]+)|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)|((?:\+|\b0)\d[\d ()/.-]{6,}\d)/giu;

const LONGEST = 20_000;
/** Characters; a text beyond is shown without links, so that nobody's message can keep the page busy. */

/** A list of texts and `<a>` elements that together show `text`. */
export function linkify(text) {
  if (text.length > LONGEST) return [text];
  const parts = [];
  let shown = 0;
  for (const match of text.matchAll(LINK)) {
    const written = match[1] ? withoutTrailing(match[1]) : match[0];
    const target = match[1] ? webAddress(written) : match[2] ? `mailto:${written}` : `tel:${written.replace(/[^\d+]/g, "")}`;
    if (!target) continue;
    parts.push(text.slice(shown, match.index), link(written, target));
    shown = match.index + written.length;
  }
  parts.push(text.slice(shown));
  return parts.filter(Boolean);
}

function link(written, target) {
  const props = target.startsWith("http") ? { target: "_blank", rel: "noopener noreferrer nofollow" } : {};
  return h("a", { href: target, ...props }, written);
}

/** The end of a sentence is not part of the address in it, nor is a bracket that was opened before it. */
function withoutTrailing(address) {
  let end = address.replace(/[.,;:!?'"*_~]+$/u, "");
  while (end.endsWith(")") && !end.includes("(")) end = end.slice(0, -1).replace(/[.,;:!?]+$/u, "");
  return end;
}

function webAddress(written) {
  try {
    const url = new URL(/^https?:/i.test(written) ? written : `https://${written}`);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Whether a text is nothing but a few emoji, which are shown large. */
export function isOnlyEmoji(text) {
  const bare = text.replace(/\s/gu, "");
  if (!bare || bare.length > 40 || /[\d#*]/.test(bare)) return false;
  return /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\p{Regional_Indicator})+$/u.test(bare) && graphemes(bare) <= 3;
}

function graphemes(text) {
  return "Segmenter" in Intl ? [...new Intl.Segmenter().segment(text)].length : [...text].length;
}
