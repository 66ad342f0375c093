/** Colours: the signed 32-bit ARGB numbers of the wire, and what is shown for them. */

/** Colours to choose from, each dark enough for white letters. */
export const PALETTE = [
  ["Raspberry", "#b3315f"],
  ["Red", "#bb3a2c"],
  ["Orange", "#a8530f"],
  ["Olive", "#6b6a12"],
  ["Green", "#2d7a43"],
  ["Teal", "#0f7673"],
  ["Blue", "#2468b4"],
  ["Indigo", "#5152c0"],
  ["Purple", "#8443b3"],
  ["Brown", "#7d5a46"],
  ["Slate", "#546575"],
];

/** "#rrggbb" of a number of the wire. */
export const toHex = (argb) => `#${(argb & 0xffffff).toString(16).padStart(6, "0")}`;

/** The number of the wire for "#rrggbb", fully opaque. */
export const fromHex = (hex) => Number.parseInt(hex.slice(1), 16) | 0xff000000;

/** The colour of a conversation or contact: its own, or one that its name decides, always the same. */
export function toneOf({ color, title, name, phoneNumber }) {
  if (color !== null && color !== undefined && color !== -1 && color !== 0) return toHex(color);
  let hash = 0;
  for (const letter of title ?? name ?? phoneNumber ?? "") hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  return PALETTE[hash % PALETTE.length][1];
}

/** Whether black letters are easier to read than white ones on a colour (WCAG's relative luminance). */
export function wantsDarkText(hex) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}
