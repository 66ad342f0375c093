/** A small picker of emoji, drawn by the system's own font. */

import { iconButton } from "./controls.js";
import { h } from "./dom.js";
import { place } from "./menu.js";

const GROUPS = [
  ["Faces", "😀 😂 🤣 😊 🙂 😉 😍 🥰 😘 😋 😎 🤩 🥳 🤔 🤨 😐 🙄 😏 😴 🤤 😷 🤒 😢 😭 😤 😡 🤯 😱 🥺 😬 🫠 🤗"],
  ["Hands", "👍 👎 👌 ✌️ 🤞 🤙 👋 🙏 👏 🙌 💪 🤝 ✋ 👀 🫶 🤷"],
  ["Hearts", "❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💕 💖 💯 ✨ ⭐ 🔥 💥"],
  ["Things", "🎉 🎂 🎁 🎈 🏆 ⚽ 🎮 🎵 📷 💡 📌 📅 ✅ ❌ ❗ ❓ ☕ 🍕 🍺 🍷 🍰 🍎 🚗 🚲 ✈️ 🏠 🌞 🌧️ ❄️ 🌈 🐶 🐱"],
];
const COLUMNS = 8;

/** The button that opens it; `choose` gets each emoji that is picked. */
export function emojiPicker(choose) {
  const open = iconButton("emoji", "Emoji", () => show(open, choose), { "aria-haspopup": "dialog", class: "emoji-open" });
  return open;
}

function show(anchor, choose) {
  const picker = h("div.emoji-picker", { popover: "auto", role: "dialog", "aria-label": "Emoji" });
  for (const [label, emoji] of GROUPS) {
    picker.append(
      h(
        ".emoji-group",
        { role: "group", "aria-label": label },
        emoji.split(" ").map((one) =>
          h("button.emoji", { type: "button", onclick: () => (picker.hidePopover(), choose(one)) }, one),
        ),
      ),
    );
  }
  picker.addEventListener("keydown", (event) => move(picker, event));
  picker.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    if (picker.contains(document.activeElement)) anchor.focus();
    picker.remove();
  });
  document.body.append(picker);
  picker.showPopover();
  place(picker, anchor);
  picker.querySelector("button").focus();
}

function move(picker, event) {
  const all = [...picker.querySelectorAll("button")];
  const at = all.indexOf(document.activeElement);
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
  if (by === undefined || at === -1) return;
  event.preventDefault();
  all[Math.max(0, Math.min(at + by, all.length - 1))].focus();
}
