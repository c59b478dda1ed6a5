/**
 * The customer's page: sign in, see what waits, save it, sign out.
 *
 * @module
 */

import { List } from "./list.js";
import { SignInForm, takeLink } from "./signin.js";
import { clockText, generalProblem, isSessionOver } from "./words.js";

/** @type {{session: import("./api.js").Session, list: List} | null} */
let visit = null;
let saving = 0;

const form = new SignInForm(enter);

/** @type {import("./collect.js").Surroundings} */
const around = { announce, failed, recovered, busy };

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {import("./api.js").Session} session */
async function enter(session) {
  const list = new List(session, around);
  try {
    await list.open();
  } catch (error) {
    session.end().catch(() => {});
    throw error;
  }
  visit = { session, list };
  element("until").textContent = `Signed in until ${clockText(session.expiresAt)}`;
  show("waiting");
  element("waiting-heading").focus();
}

/** @param {"signin" | "waiting"} view */
function show(view) {
  for (const id of ["signin", "waiting"]) element(id).hidden = id !== view;
  element("session").hidden = view !== "waiting";
  element("banner").hidden = true;
}

/** @param {string} text */
function announce(text) {
  element("announcements").textContent = text;
}

/**
 * Show what concerns the whole page. What concerns one recording, its row shows.
 *
 * @param {unknown} error
 * @param {boolean} inRow whether a row shows it
 */
function failed(error, inRow) {
  const over = isSessionOver(error);
  if (over || !inRow) {
    element("banner-text").textContent = generalProblem(error);
    element("signin-again").hidden = !over;
    element("banner").hidden = false;
  } else {
    // The row shows it to the visitor; this is for whoever is called for help.
    console.warn(error);
  }
}

/** Take back what was shown of a problem that passed. */
function recovered() {
  if (element("signin-again").hidden) element("banner").hidden = true;
}

/**
 * @template T
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
async function busy(work) {
  guard(1);
  try {
    return await work;
  } finally {
    guard(-1);
  }
}

/** @param {1 | -1} change */
function guard(change) {
  saving += change;
  /** @type {HTMLButtonElement} */ (element("signout")).disabled = saving > 0;
}

async function signOut() {
  const ending = visit;
  visit = null;
  ending?.list.close();
  show("signin");
  form.focus();
  // A session that can't be ended from here ends by its time.
  await ending?.session.end().catch(() => {});
}

element("signout").addEventListener("click", signOut);
element("signin-again").addEventListener("click", signOut);

window.addEventListener("beforeunload", (event) => {
  if (saving > 0) event.preventDefault();
});

window.addEventListener("pagehide", () => {
  visit?.session.end({ keepalive: true }).catch(() => {});
});

window.addEventListener("hashchange", () => {
  const link = takeLink();
  if (link !== null && visit === null) form.useLink(link);
});

form.useLink(takeLink());
