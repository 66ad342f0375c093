/** Settings have two names: the one that is written and the one that is read. */

const FIELD_OF_PREF = {
  global_primary_color: "color",
  global_primary_dark_color: "color_dark",
  global_primary_light_color: "color_light",
  global_accent_color: "color_accent",
  apply_theme_globally: "use_global_theme",
  apply_primary_color_toolbar: "apply_primary_color_to_toolbar",
  private_conversations_passcode: "passcode",
};
const PREF_OF_FIELD = Object.fromEntries(Object.entries(FIELD_OF_PREF).map(([pref, field]) => [field, pref]));

export function fieldOf(pref) {
  return FIELD_OF_PREF[pref] ?? pref;
}

export function prefOf(field) {
  return PREF_OF_FIELD[field] ?? field;
}

/** The type by which a value is stored. */
export function typeOf(value) {
  if (typeof value === "boolean") return "boolean";
  return typeof value === "number" ? "int" : "string";
}
