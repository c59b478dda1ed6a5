/**
 * Signing in: a link or a customer name says who, the retrieval password opens what waits.
 *
 * @module
 */

import { signIn } from "./api.js";
import { signInProblem } from "./words.js";

/**
 * Take a link's token out of the address bar, so that it stays out of the history and of screenshots.
 *
 * @returns {string | null}
 */
export function takeLink() {
  const token = decodeURIComponent(location.hash.slice(1)).trim();
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return token || null;
}

export class SignInForm {
  #form = /** @type {HTMLFormElement} */ (document.getElementById("signin-form"));
  #customer = /** @type {HTMLInputElement} */ (document.getElementById("customer"));
  #password = /** @type {HTMLInputElement} */ (document.getElementById("password"));
  #problem = /** @type {HTMLElement} */ (document.getElementById("signin-problem"));
  #submit = /** @type {HTMLButtonElement} */ (document.getElementById("signin-submit"));
  #shown = /** @type {HTMLInputElement} */ (document.getElementById("show-password"));
  #onSession;
  /** @type {string | null} */
  #link = null;

  /** @param {(session: import("./api.js").Session) => Promise<void>} onSession */
  constructor(onSession) {
    this.#onSession = onSession;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#try();
    });
    this.#shown.addEventListener("change", () => {
      this.#password.type = this.#shown.checked ? "text" : "password";
    });
    this.#element("by-name").addEventListener("click", () => this.useLink(null));
  }

  /**
   * Sign in with this link, or with a name if there is none.
   *
   * @param {string | null} link
   */
  useLink(link) {
    this.#link = link;
    this.#element("name-field").hidden = link !== null;
    this.#element("link-note").hidden = link === null;
    this.#customer.required = link === null;
    this.focus();
  }

  /** Put the cursor where something is to be typed. */
  focus() {
    (this.#link === null && !this.#customer.value ? this.#customer : this.#password).focus();
  }

  /** @param {string} text an empty one removes what was said before */
  say(text) {
    this.#problem.textContent = text;
    this.#password.toggleAttribute("aria-invalid", text !== "");
  }

  async #try() {
    this.#submit.disabled = true;
    this.say("");
    try {
      const session = await signIn(this.#credentials());
      this.#forget();
      await this.#onSession(session);
    } catch (error) {
      this.say(signInProblem(error, this.#link !== null));
      this.#password.focus();
    } finally {
      this.#submit.disabled = false;
    }
  }

  /** @returns {import("./api.js").Credentials} */
  #credentials() {
    const password = this.#password.value;
    if (this.#link !== null) return { link: this.#link, password };
    return { customer: this.#customer.value.trim(), password };
  }

  /** The password has done its work: it stays nowhere on the page. */
  #forget() {
    this.#password.value = "";
    this.#shown.checked = false;
    this.#password.type = "password";
  }

  /**
   * @param {string} id
   * @returns {HTMLElement}
   */
  #element(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
  }
}
