/**
 * What waits for the customer: pages of recordings, newest first.
 *
 * @module
 */

import { Collection } from "./collect.js";
import { Row } from "./row.js";
import { zoneName } from "./words.js";

export class List {
  #session;
  #around;
  #body = /** @type {HTMLElement} */ (document.getElementById("rows"));
  #more = /** @type {HTMLButtonElement} */ (document.getElementById("more"));
  #refresh = /** @type {HTMLButtonElement} */ (document.getElementById("refresh"));
  /** @type {string | null} */
  #next = null;
  /** @type {Set<string>} */
  #known = new Set();

  /**
   * @param {import("./api.js").Session} session
   * @param {import("./collect.js").Surroundings} around
   */
  constructor(session, around) {
    this.#session = session;
    this.#around = around;
    this.#body.replaceChildren();
    this.#more.onclick = () => this.#while(this.#more, this.#append(this.#next));
    this.#refresh.onclick = () => this.#while(this.#refresh, this.#lookAgain());
    /** @type {HTMLElement} */ (document.getElementById("zone")).textContent = zoneName();
  }

  /** Show the first page. */
  open() {
    return this.#append(null);
  }

  /** Leave nothing of it on the page. */
  close() {
    this.#body.replaceChildren();
  }

  /** @param {string | null} cursor */
  async #append(cursor) {
    const page = await this.#session.list(cursor);
    this.#next = page.next;
    this.#body.append(...this.#rows(page.items));
    this.#tell(page.items.length);
  }

  /** Put above the rest what came since: rows that are here stay, with their certificates. */
  async #lookAgain() {
    /** @type {Element[]} */
    const found = [];
    /** @type {string | null} */
    let cursor = null;
    for (;;) {
      const page = await this.#session.list(cursor);
      const rows = this.#rows(page.items);
      found.push(...rows);
      cursor = page.next;
      if (cursor === null || rows.length < page.items.length) break;
    }
    this.#body.prepend(...found);
    this.#tell(found.length);
  }

  /** @param {import("./api.js").Recording[]} items those that are not shown yet */
  #rows(items) {
    return items
      .filter(({ id }) => !this.#known.has(id))
      .map((recording) => {
        this.#known.add(recording.id);
        const row = new Row(recording);
        new Collection(this.#session, row, this.#around).offer();
        return row.element;
      });
  }

  /** @param {number} count */
  #tell(count) {
    this.#more.hidden = this.#next === null;
    /** @type {HTMLElement} */ (document.getElementById("empty")).hidden = this.#known.size > 0;
    /** @type {HTMLElement} */ (document.getElementById("recordings")).hidden = this.#known.size === 0;
    this.#around.announce(count === 1 ? "1 recording added to the list" : `${count} recordings added to the list`);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Promise<void>} work
   */
  async #while(button, work) {
    button.disabled = true;
    try {
      await work;
      this.#around.recovered();
    } catch (error) {
      this.#around.failed(error, false);
    } finally {
      button.disabled = false;
    }
  }
}
