/**
 * Building and updating DOM. Everything a person or another person's phone wrote goes through here as text nodes and
 * attributes; nothing in the views parses HTML.
 */

/**
 * An element. `h("button.quiet", {type: "button", onclick: f}, "Send")`.
 *
 * In `props`, `on...` functions become listeners, `class`, `aria-...`, `role` and `data-...` attributes, true an empty
 * attribute; false, null and undefined leave the attribute out; anything else that the element knows is a property.
 * Children are nodes, texts, or lists of them; null and false are left out.
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name || "div");
  if (classes.length) element.className = classes.join(" ");
  setProps(element, props);
  append(element, children);
  return element;
}

/** Names that are always attributes, though some are read-only properties too. */
const ATTRIBUTES = /^(aria-|data-)|^(role|list|form|width|height)$/;

export function setProps(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "class") element.classList.add(...(value || "").split(" ").filter(Boolean));
    else if (name === "tone") element.style.setProperty("--tone", value); // through the CSSOM, which the policy allows
    else if (name in element && !ATTRIBUTES.test(name) && value !== null && value !== undefined)
      element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  return element;
}

export function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
  return parent;
}

/** Put `children` in the place of what `parent` has. */
export function replace(parent, ...children) {
  parent.replaceChildren();
  return append(parent, children);
}

/** Set a text only when it is another, so that screen readers and the browser's layout are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Make the children of `parent` those of `items`, in their order, touching only what differs.
 *
 * `key` gives each item's identity, `render(item, existing)` answers its element: `existing` when it could be kept.
 * An item that is the same object as last time is not rendered again. The focus stays where it is, also in an item whose
 * element is another one now.
 */
export function reconcile(parent, items, key, render) {
  const known = parent.renderedItems ?? new Map();
  const focused = document.activeElement;
  const [focusedId, from] = [...known].find(([, { element }]) => element.contains(focused)) ?? [];
  const next = new Map();
  for (const item of items) {
    const id = key(item);
    const before = known.get(id);
    const element = before && before.item === item ? before.element : render(item, before?.element);
    next.set(id, { item, element });
  }
  for (const [id, { element }] of known) if (next.get(id)?.element !== element) element.remove();
  let place = parent.firstChild;
  for (const { element } of next.values()) {
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
  }
  parent.renderedItems = next;
  const to = next.get(focusedId)?.element;
  if (to && document.activeElement !== focused) counterpart(focused, from.element, to).focus({ preventScroll: true });
}

/** What `to` has where `from` has `element`; `to` itself when it has nothing there. */
function counterpart(element, from, to) {
  const place = [...from.querySelectorAll(element.tagName)].indexOf(element);
  return to.querySelectorAll(element.tagName)[place] ?? to;
}

let lastId = 0;

/** An id for `aria-labelledby` and `for`, unique on the page. */
export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** Call `update` once in the next frame, however often the answered function is called until then. */
export function oncePerFrame(update) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    const run = () => {
      if (!asked) return;
      asked = false;
      update();
    };
    // A hidden tab gets no frames, but must still keep its title and lists right.
    if (document.hidden) setTimeout(run, HIDDEN_FRAME_MS);
    else requestAnimationFrame(run);
  };
}

const HIDDEN_FRAME_MS = 200;

/**
 * Follow an EventTarget for as long as `element` is in the page; the listener is dropped when it has left.
 */
export function follow(element, target, type, listener) {
  const stop = new AbortController();
  const guarded = (event) => {
    if (element.wasShown && !element.isConnected) stop.abort();
    else {
      element.wasShown ||= element.isConnected;
      listener(event);
    }
  };
  target.addEventListener(type, guarded, { signal: stop.signal });
  return () => stop.abort();
}
