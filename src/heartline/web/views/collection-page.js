/** A page with the things of one kind: to add, change and delete. What differs between kinds stands in collections.js. */

import { button, iconButton } from "./controls.js";
import { showForm } from "./dialog.js";
import { follow, h, oncePerFrame, reconcile, replace } from "./dom.js";
import { attempt, toast } from "./toast.js";

const STEP = 100;
const FILTER_FROM = 12;
/** A list that is longer than this gets a field to filter it. */

/** The maker of the page for one kind. */
export function collectionPage(kind) {
  return (app, argument) => {
    const { store } = app;
    let shown = STEP;
    const list = h("ul.cards", { "aria-label": kind.title });
    const note = h("p.list-note");
    const filter = h("input", {
      type: "search",
      placeholder: "Filter",
      "aria-label": `Filter ${kind.title.toLowerCase()}`,
      oninput: () => update(),
    });
    const more = button("Show more", () => ((shown += STEP), update()));

    const edit = (item, given) =>
      showForm(item ? kind.changeTitle : kind.addTitle, kind.fields(item ?? given ?? {}, store), (values) =>
        kind.save(store, { ...values, ...(item ? { id: item.id } : {}) }, item),
      );

    const remove = async (item) => {
      const done = await attempt(kind.remove(store, item).then(() => true));
      if (!done) return;
      const undo = () => attempt(kind.restore(store, item));
      toast(`${kind.label(item).title} is deleted.`, { label: "Undo", action: undo });
      (list.querySelector("button") ?? page.querySelector("button")).focus();
    };

    const render = (item) => {
      const { title, details } = kind.label(item, store);
      return h(
        "li.card",
        {},
        kind.mark?.(item),
        h("span.row-words", {}, h("bdi.card-title", {}, title), details && h("span.row-snippet.two-lines", { dir: "auto" }, details)),
        kind.write && iconButton("compose", `Write to ${title}`, () => app.go(`/new/${encodeURIComponent(item.phoneNumber)}`)),
        kind.canChange !== false && iconButton("edit", `Change ${title}`, () => edit(item)),
        iconButton("delete", `Delete ${title}`, () => remove(item)),
      );
    };

    const update = () => {
      const all = [...store[kind.noun].values()].sort(kind.order);
      const wanted = filter.value.trim().toLocaleLowerCase();
      const words = (item) => Object.values(kind.label(item, store)).join(" ").toLocaleLowerCase();
      const found = wanted ? all.filter((item) => words(item).includes(wanted)) : all;
      filter.hidden = all.length < FILTER_FROM;
      reconcile(list, found.slice(0, shown), ({ id }) => id, render);
      more.hidden = found.length <= shown;
      replace(note, found.length ? null : all.length ? "Nothing found." : kind.empty);
    };

    const page = h(
      ".collection",
      {},
      h("p.quiet-text", {}, kind.intro),
      h(".page-tools", {}, button(kind.addTitle, () => edit(null), { kind: "primary", image: "plus" }), filter),
      note,
      list,
      more,
    );
    const later = oncePerFrame(update);
    follow(page, store, "change", ({ detail }) => detail.what === kind.noun && later());
    update();
    if (argument && kind.given) queueMicrotask(() => edit(null, kind.given(argument)));
    return page;
  };
}
