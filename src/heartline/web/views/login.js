/** Logging in and signing up: one page, one form, with a switch between the two. */

import { formField, valuesOf } from "./controls.js";
import { h, replace } from "./dom.js";
import { logo } from "./logo.js";

const LOG_IN = [
  { name: "username", label: "User name", autocomplete: "username", autocapitalize: "none", required: true, autofocus: true },
  { name: "password", label: "Password", type: "password", autocomplete: "current-password", required: true },
];

const SIGN_UP = [
  { name: "username", label: "User name", autocomplete: "username", autocapitalize: "none", required: true, autofocus: true },
  { name: "realName", label: "Your name", autocomplete: "name" },
  { name: "phoneNumber", label: "Phone number", type: "tel", autocomplete: "tel" },
  {
    name: "password",
    label: "Password",
    type: "password",
    autocomplete: "new-password",
    required: true,
    hint: "It encrypts your messages. Nobody can give it back to you, not even this server.",
  },
];

/** @param {{store: object}} app */
export function loginPage({ store }) {
  const page = h("main.welcome");
  const show = (isNew) => {
    const trouble = h("p.trouble", { role: "alert" });
    const submit = h("button.button.primary.wide", { type: "submit" }, isNew ? "Sign up" : "Log in");
    const form = h(
      "form.form",
      {
        onsubmit: async (event) => {
          event.preventDefault();
          const values = valuesOf(form);
          replace(trouble);
          setBusy(submit, true, isNew ? "Signing up…" : "Logging in…");
          try {
            await (isNew ? store.signUp(values) : store.logIn(values.username, values.password));
          } catch (error) {
            replace(trouble, error.message);
            setBusy(submit, false, isNew ? "Sign up" : "Log in");
            form.elements.password.select();
            form.elements.password.focus();
          }
        },
      },
      (isNew ? SIGN_UP : LOG_IN).map(formField),
      trouble,
      submit,
    );
    replace(
      page,
      h(
        ".welcome-card",
        {},
        logo(),
        h("h1", {}, isNew ? "Create your account" : "Welcome to Heartline"),
        h("p.quiet-text", {}, "Your text messages, encrypted on your phone and opened only here."),
        form,
        h(
          "p.quiet-text.centred",
          {},
          isNew ? "Already have an account? " : "New on this server? ",
          h("button.link", { type: "button", onclick: () => show(!isNew) }, isNew ? "Log in" : "Sign up"),
        ),
      ),
    );
    form.elements.username.focus();
  };
  show(false);
  return page;
}

function setBusy(submit, isBusy, words) {
  submit.disabled = isBusy;
  replace(submit, words);
}
