/**
 * One recording in the list: what is known of it, and how far collecting it has come.
 *
 * Everything a source or customer named is set as text, never as markup.
 *
 * @module
 */

import { directionText, durationText, momentText, sizeText } from "./words.js";

/**
 * @typedef {{label: string, run: () => void, primary?: boolean}} Action
 * @typedef {object} Shown
 * @property {"idle" | "busy" | "good" | "note" | "bad"} tone
 * @property {string} [title] a few words
 * @property {string} [text] the sentences below it
 * @property {boolean} [bar] whether a progress bar is shown
 * @property {Action[]} [actions]
 */

export class Row {
  element;
  name;

  /** @param {import("./api.js").Recording} recording */
  constructor(recording) {
    this.recording = recording;
    this.name = recording.file_name ?? `Recording ${recording.id}`;
    this.element = instance("row");
    this.#fill();
  }

  /**
   * Show a step, and keep the keyboard's focus in this row if it was here.
   *
   * @param {Shown} step
   */
  show({ tone, title = "", text = "", bar = false, actions = [] }) {
    const hadFocus = this.element.contains(document.activeElement);
    const status = this.#part("status");
    status.dataset["tone"] = tone;
    this.#text("status-title", title);
    this.#text("status-text", text);
    this.#part("progress").hidden = !bar;
    this.#part("progress").removeAttribute("value");
    this.#part("actions").replaceChildren(...actions.map((action) => this.#button(action)));
    if (hadFocus) (this.#part("actions").querySelector("button") ?? status).focus();
  }

  /**
   * Move the progress bar.
   *
   * @param {number} bytes
   * @param {string} title
   */
  progress(bytes, title) {
    const bar = /** @type {HTMLProgressElement} */ (this.#part("progress"));
    bar.value = this.recording.bytes ? bytes / this.recording.bytes : 1;
    this.#text("status-title", title);
  }

  #fill() {
    const { bytes, call, header_incomplete: cut, sealed_at: sealedAt } = this.recording;
    this.#text("when", momentText(call.started_at ?? sealedAt));
    this.#part("when").setAttribute("datetime", call.started_at ?? sealedAt);
    this.#text("call", callText(call));
    this.#text("calling", call.calling.join(", ") || "unknown");
    this.#text("called", call.called || "unknown");
    this.#text("diverted", call.diverted_by.length ? `diverted by ${call.diverted_by.join(", ")}` : "");
    this.#text("agent", call.agent ? `agent ${call.agent}` : "");
    this.#text("name", this.name);
    this.#text("size", sizeText(bytes));
    this.#text("header", cut ? "The telephone system left its header unfinished: some players refuse it." : "");
    this.#part("progress").setAttribute("aria-label", `Progress of ${this.name}`);
  }

  /** @param {Action} action */
  #button({ label, run, primary = false }) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = primary ? "primary" : "";
    const about = document.createElement("span");
    about.className = "unseen";
    about.textContent = ` (${this.name})`;
    button.append(label, about);
    button.addEventListener("click", run);
    return button;
  }

  /**
   * @param {string} part
   * @param {string} text an empty one hides the part
   */
  #text(part, text) {
    this.#part(part).textContent = text;
    this.#part(part).hidden = text === "";
  }

  /**
   * @param {string} part
   * @returns {HTMLElement}
   */
  #part(part) {
    const found = this.element.querySelector(`[data-part="${part}"]`);
    return /** @type {HTMLElement} */ (found);
  }
}

/**
 * @param {string} template
 * @returns {HTMLElement}
 */
function instance(template) {
  const { content } = /** @type {HTMLTemplateElement} */ (document.getElementById(template));
  return /** @type {HTMLElement} */ (document.importNode(content, true).firstElementChild);
}

/** @param {import("./api.js").Call} call */
function callText({ direction, duration_seconds: seconds, carrier }) {
  const length = seconds === null ? null : durationText(seconds);
  return [direction && directionText(direction), length, carrier].filter(Boolean).join(" · ");
}
