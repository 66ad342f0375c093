/** Menus: a popover of the browser (on top of everything, closes on Escape and on a click elsewhere) with menu keys. */

import { h, uniqueId } from "./dom.js";
import { icon } from "./icons.js";

const GAP_PX = 6;

/**
 * Open a menu at `anchor`, an element or {x, y}. Items: {label, image, action, danger, checked, keys} or null for a line.
 * The focus goes into it and comes back when it closes.
 */
export function openMenu(anchor, label, items) {
  document.querySelector(".menu:popover-open")?.hidePopover();
  const before = document.activeElement;
  const menu = h("div.menu", { popover: "auto", role: "menu", id: uniqueId("menu"), "aria-label": label });
  const choose = (action) => {
    menu.hidePopover();
    action();
  };
  for (const item of items) menu.append(item ? menuItem(item, choose) : h("div.menu-line", { role: "separator" }));
  menu.addEventListener("keydown", (event) => moveInside(menu, event));
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    if (anchor instanceof Element) anchor.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) before?.focus();
    menu.remove();
  });
  landmarkOf(anchor).append(menu);
  menu.showPopover();
  place(menu, anchor);
  if (anchor instanceof Element) anchor.setAttribute("aria-expanded", "true");
  menu.querySelector("button").focus();
  return menu;
}

/** Where a menu belongs for who moves by landmarks: the part of the page that it was opened from. */
function landmarkOf(anchor) {
  const element = anchor instanceof Element ? anchor : document.elementFromPoint(anchor.x, anchor.y);
  return element?.closest("main, nav") ?? document.body;
}

function menuItem({ label, image, action, danger = false, checked, keys }, choose) {
  const role = checked === undefined ? "menuitem" : "menuitemradio";
  return h(
    "button.menu-item",
    {
      type: "button",
      role,
      tabindex: -1,
      class: danger ? "danger" : "",
      "aria-checked": checked === undefined ? null : String(checked),
      onclick: () => choose(action),
    },
    checked === undefined ? image && icon(image) : h("span.menu-check", {}, checked && icon("check")),
    h("span.menu-label", {}, label),
    keys && h("kbd", { "aria-hidden": "true" }, keys),
  );
}

function moveInside(menu, event) {
  const items = [...menu.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) items[to % items.length].focus();
  else if (event.key === "Tab") menu.hidePopover();
  else if (event.key.length === 1 && event.key !== " ") {
    const rest = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    rest.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  } else return;
  if (to !== undefined) event.preventDefault();
  event.stopPropagation(); // letters look for an item here, and are no shortcuts of the page
}

/** Below the anchor and inside the window; above it when there is more room. */
export function place(popover, anchor) {
  const box = anchor instanceof Element ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y, 0, 0);
  const { offsetWidth: width, offsetHeight: height } = popover;
  const left = box.left + width + GAP_PX > innerWidth ? box.right - width : box.left;
  const fitsBelow = box.bottom + GAP_PX + height < innerHeight;
  const top = fitsBelow ? box.bottom + GAP_PX : box.top - GAP_PX - height;
  popover.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - width - GAP_PX))}px`;
  popover.style.top = `${Math.max(GAP_PX, Math.min(top, innerHeight - height - GAP_PX))}px`;
}
