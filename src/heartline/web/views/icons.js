/** Line icons on a grid of 24, drawn in the colour of the text around them. */

const PATHS = {
  heart: "M12 20s-7.5-4.6-9-9.3C1.9 7 4.2 4.5 7 4.5c2 0 3.7 1 5 3 1.3-2 3-3 5-3 2.8 0 5.1 2.5 4 6.2C19.5 15.4 12 20 12 20z",
  menu: "M4 7h16M4 12h16M4 17h10",
  compose: "M12 20h8M16.5 4.5a2.1 2.1 0 0 1 3 3L8 19l-4 1 1-4z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  send: "M4.5 12L3.5 4.5 21 12 3.5 19.5zM4.5 12H12",
  attach: "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L10 17a1.7 1.7 0 0 1-2.4-2.4l7.4-7.4",
  emoji: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c.8 1.2 2 2 3.5 2s2.7-.8 3.5-2M9 9.5v.01M15 9.5v.01",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  template: "M6 3.5h12v17H6zM9 8h6M9 12h6M9 16h3",
  pin: "M9 4h6l-1 6 3 3v1.5H7V13l3-3zM12 14.5V20",
  mute: "M4 4l16 16M9 5.7A5.5 5.5 0 0 1 17.5 10c0 2 .3 3.5.8 4.6M6.5 9.5c0 4-1 5.5-2 7h12.5M10.5 19.5a1.7 1.7 0 0 0 3 0",
  bell: "M6.5 10a5.5 5.5 0 0 1 11 0c0 4 1 5 2 6.5h-15c1-1.5 2-2.5 2-6.5zM10.5 19.5a1.7 1.7 0 0 0 3 0",
  archive: "M3.5 5h17v4h-17zM5 9v10.5h14V9M10 13h4",
  unarchive: "M3.5 5h17v4h-17zM5 9v10.5h14V9M12 17v-5M9.5 14L12 11.5l2.5 2.5",
  delete: "M4.5 6.5h15M9.5 6.5V4h5v2.5M6.5 6.5l1 14h9l1-14M10 10.5v6M14 10.5v6",
  edit: "M14.5 5.5l4 4L8 20H4v-4z",
  folder: "M3.5 6h6l2 2.5h9v10.5h-17z",
  lock: "M6 11h12v9.5H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.5-4 3.5-6 7.5-6s7 2 7.5 6",
  people: "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.5c.4-3.5 3-5.5 6.5-5.5s6.1 2 6.5 5.5M15.5 4.8a3.5 3.5 0 0 1 0 6.4M18 14.5c2 .8 3.2 2.5 3.5 5",
  palette: "M12 21a9 9 0 1 1 9-9c0 2-1.5 3-3.5 3h-2a2 2 0 0 0-1.5 3.3c.5.7.3 2.7-2 2.7zM8 11v.01M11 7.5v.01M15.5 8.5v.01",
  block: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM5.7 5.7l12.6 12.6",
  reply: "M9 6L4 11l5 5M4 11h9c4 0 7 2 7 7",
  phone: "M8 3h8v18H8zM11 18h2",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  chart: "M5 20v-8M12 20V4M19 20v-5",
  keyboard: "M3 6.5h18v11H3zM6.5 10v.01M10 10v.01M14 10v.01M17.5 10v.01M8 14h8",
  logout: "M10 4H4.5v16H10M15 8l4 4-4 4M19 12H9",
  down: "M6 9.5l6 6 6-6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  delivered: "M2.5 12.5L7 17l8.5-9.5M12 16l1 1 8.5-9.5",
  failed: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.5v5.5M12 16.5v.01",
  unread: "M4 6h16v12H4zM4 7l8 6 8-6",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5v.01",
  copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  file: "M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4",
  plus: "M12 5v14M5 12h14",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
};

const SVG = "http://www.w3.org/2000/svg";

/** An icon that screen readers skip: what it stands for is in the label of the control around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
