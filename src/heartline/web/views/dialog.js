/** Dialogs: the browser's own `<dialog>`, which keeps the focus inside, closes on Escape, and gives the focus back. */

import { button, formField, iconButton, valuesOf } from "./controls.js";
import { h, replace, uniqueId } from "./dom.js";

/**
 * Show `content` in a dialog; resolves with what was given to `close`, or null when it was dismissed.
 * `content` may be a function of `close`.
 */
export function showDialog(title, content, { kind = "", actions = () => [] } = {}) {
  return new Promise((resolve) => {
    let result = null;
    const before = document.activeElement;
    const titleId = uniqueId("dialog");
    const close = (value = null) => {
      result = value;
      dialog.close();
    };
    const dialog = h(
      "dialog.dialog",
      { class: kind, "aria-labelledby": titleId, onclick: (event) => event.target === dialog && close() },
      h(
        ".dialog-frame",
        {},
        h("header.dialog-head", {}, h("h2", { id: titleId }, title), iconButton("close", "Close", () => close())),
        h(".dialog-body", {}, typeof content === "function" ? content(close) : content),
        h("footer.dialog-actions", {}, actions(close)),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    const first = ".dialog-body :is(input, textarea, select), .primary, .danger";
    (dialog.querySelector("[autofocus]") ?? dialog.querySelector(first))?.focus();
  });
}

/** Ask before something that cannot be undone. Resolves true or false. */
export async function confirm(title, text, action, { kind = "danger" } = {}) {
  const answer = await showDialog(title, h("p", {}, text), {
    kind: "narrow",
    actions: (close) => [button("Cancel", () => close(), { autofocus: true }), button(action, () => close(true), { kind })],
  });
  return answer === true;
}

/**
 * A dialog with a form. `save(values)` may refuse by throwing: what it says is shown, and what was typed is kept.
 * Resolves with the values once saved, or null.
 */
export function showForm(title, fields, save, { action = "Save", intro = null } = {}) {
  const formId = uniqueId("form");
  const trouble = h("p.trouble", { role: "alert" });
  const form = (close) =>
    h(
      "form.form",
      {
        id: formId,
        onsubmit: async (event) => {
          event.preventDefault();
          replace(trouble);
          const values = valuesOf(event.target);
          try {
            await save(values);
            close(values);
          } catch (error) {
            replace(trouble, error.message);
          }
        },
      },
      intro && h("p.quiet-text", {}, intro),
      fields.map(formField),
      trouble,
    );
  return showDialog(title, form, {
    actions: (close) => [
      button("Cancel", () => close()),
      h("button.button.primary", { type: "submit", form: formId }, action),
    ],
  });
}
