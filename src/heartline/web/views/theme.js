/** Light, dark, or as the system has it: a choice of this browser. */

const KEY = "heartline-theme";

export const THEMES = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

export const chosenTheme = () => localStorage.getItem(KEY) ?? "system";

export function chooseTheme(theme) {
  localStorage.setItem(KEY, theme);
  followTheme();
}

export function followTheme() {
  document.documentElement.dataset.theme = chosenTheme();
}
