/** Buttons and form fields, so that each is labelled and looks the same everywhere. */

import { h, uniqueId } from "./dom.js";
import { icon } from "./icons.js";

/** A button with words. `kind`: primary, quiet or danger. */
export function button(label, onclick, { kind = "quiet", image = null, ...props } = {}) {
  return h(`button.button.${kind}`, { type: "button", onclick, ...props }, image && icon(image), label);
}

/** A button with a picture only; `label` is its name and its tooltip, `keys` the shortcut that the tooltip adds. */
export function iconButton(image, label, onclick, { keys, ...props } = {}) {
  const title = keys ? `${label} (${keys})` : label;
  return h("button.icon-button", { type: "button", "aria-label": label, title, onclick, ...props }, icon(image));
}

/**
 * A labelled field. `field` is {name, label, type, required, hint, options, value, ...attributes}; `type` is one of the
 * types of `<input>`, or "textarea", "select" (options: [value, label] pairs), "colour" or "switch".
 */
export function formField({ name, label, type = "text", hint, options, value, ...attributes }) {
  const id = uniqueId("field");
  const hintId = hint ? `${id}-hint` : null;
  const props = { id, name, "aria-describedby": hintId, ...attributes };
  const text = h("label.field-label", { for: id }, label);
  const note = hint && h("p.hint", { id: hintId }, hint);
  switch (type) {
    case "textarea":
      return h(".field", {}, text, h("textarea", { rows: 4, ...props, value: value ?? "" }), note);
    case "select": {
      const choices = options.map(([choice, words]) =>
        h("option", { value: choice, selected: String(choice) === String(value) }, words),
      );
      return h(".field", {}, text, h("select", props, choices), note);
    }
    case "switch":
      return h(
        ".field.switch-field",
        {},
        h(".switch-words", {}, text, note),
        h("input.switch", { type: "checkbox", role: "switch", checked: Boolean(value), ...props }),
      );
    case "colour":
      return swatches({ name, label, options, value });
    default:
      return h(".field", {}, text, h("input", { type, ...props, value: value ?? "" }), note);
  }
}

/** A group of radio buttons, one a colour. */
function swatches({ name, label, options, value }) {
  return h(
    "fieldset.field.swatches",
    {},
    h("legend.field-label", {}, label),
    options.map(([words, hex]) =>
      h(
        "label.swatch",
        { tone: hex, title: words },
        h("input", { type: "radio", name, value: hex, checked: hex === value, "aria-label": words }),
      ),
    ),
  );
}

/** The values of a form as an object: texts, or booleans for switches. */
export function valuesOf(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || (field.type === "radio" && !field.checked)) continue;
    values[field.name] = field.type === "checkbox" ? field.checked : field.value;
  }
  return values;
}
