/** Places in the app, kept in the fragment of the address so that back, forward and bookmarks work. */

/** Go to a place such as "/c/12". */
export function go(path, { replace = false } = {}) {
  if (replace) location.replace(`#${path}`);
  else location.hash = path;
}

/** Fires `change` when the place is another; `place` is {name, args}: "/c/12/34" is {name: "c", args: ["12", "34"]}. */
export class Router extends EventTarget {
  constructor() {
    super();
    addEventListener("hashchange", () => this.dispatchEvent(new Event("change")));
  }

  get place() {
    const [name = "", ...args] = location.hash.replace(/^#\/?/, "").split("/").map(decode);
    return { name, args };
  }
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
