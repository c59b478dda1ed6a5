/**
 * Collecting one recording: save it, make sure that it is saved, confirm it, show what became of it.
 *
 * Nothing is confirmed before the file is closed on the visitor's disk and was read back from there; where the
 * browser can't tell, the visitor says so on a button. Confirming is what destroys the recording here.
 *
 * @module
 */

import { digestOf } from "./hash.js";
import { outcome } from "./outcome.js";
import { Patience } from "./patience.js";
import { canWriteFiles, chooseFile, download, LARGE_DOWNLOAD_BYTES, safeName, toBlob, writeFile } from "./save.js";
import { recordingStream } from "./stream.js";
import * as words from "./words.js";

/**
 * Digests of files that are saved and could not be confirmed yet, by recording: they outlive the session, so
 * that nobody has to save a recording again only because it ended in the wrong moment.
 *
 * @type {Map<string, string>}
 */
const unconfirmed = new Map();

/**
 * @typedef {object} Surroundings
 * @property {(text: string) => void} announce tells screen readers
 * @property {(error: unknown, inRow: boolean) => void} failed is told of every error, and whether a row shows it
 * @property {() => void} recovered is told when something worked that may have failed before
 * @property {<T>(work: Promise<T>) => Promise<T>} busy guards the page against being closed meanwhile
 */

export class Collection {
  #session;
  #row;
  #around;

  /**
   * @param {import("./api.js").Session} session
   * @param {import("./row.js").Row} row
   * @param {Surroundings} around
   */
  constructor(session, row, around) {
    this.#session = session;
    this.#row = row;
    this.#around = around;
  }

  /** Show the recording with its button. */
  offer() {
    const digest = unconfirmed.get(this.#row.recording.id);
    if (digest !== undefined) return this.#offerAgain(digest);
    const text =
      this.#row.recording.state === "retained"
        ? "Collected before. Your company’s instruction or a legal hold keeps it here."
        : "";
    this.#row.show({ tone: "idle", text, actions: [{ label: "Save", run: () => this.#save(), primary: true }] });
  }

  /** @param {string} digest */
  #offerAgain(digest) {
    this.#row.show({
      tone: "note",
      text: "You have saved this recording already, but it isn’t confirmed yet.",
      actions: [
        { label: "Confirm again", run: () => this.#confirm(digest), primary: true },
        { label: "Save it again", run: () => this.#save() },
      ],
    });
  }

  #save() {
    if (canWriteFiles()) return this.#saveToFile();
    if (this.#row.recording.bytes <= LARGE_DOWNLOAD_BYTES) return this.#saveAsDownload();
    this.#row.show({
      tone: "note",
      title: "This is a large recording",
      text:
        `This browser has to gather all ${words.sizeText(this.#row.recording.bytes)} before it can save them, and ` +
        "may run out of room. Chrome and Edge save large recordings straight to your disk.",
      actions: [
        { label: "Save it here anyway", run: () => this.#saveAsDownload() },
        { label: "Not now", run: () => this.offer() },
      ],
    });
  }

  async #saveToFile() {
    try {
      const handle = await chooseFile(safeName(this.#row.recording));
      if (handle === null) return;
      const digest = await this.#guarded(async (signal) => {
        const file = await writeFile(handle, this.#stream(signal), signal);
        return this.#digest(file, signal, "Checking the saved file");
      });
      await this.#confirm(digest);
    } catch (error) {
      this.#showFailure(words.savingProblem(error), error);
    }
  }

  async #saveAsDownload() {
    try {
      await this.#guarded(async (signal) => {
        const blob = await toBlob(this.#stream(signal));
        const digest = await this.#digest(blob, signal, "Checking the recording");
        download(blob, safeName(this.#row.recording));
        this.#askForIt(blob, digest);
      });
    } catch (error) {
      this.#showFailure(words.savingProblem(error), error);
    }
  }

  /**
   * Do work that can be cancelled, and that closing the page would break.
   *
   * @template T
   * @param {(signal: AbortSignal) => Promise<T>} work
   * @returns {Promise<T>}
   */
  #guarded(work) {
    const cancel = new AbortController();
    this.#row.show({
      tone: "busy",
      title: "Saving",
      bar: true,
      actions: [{ label: "Cancel", run: () => cancel.abort() }],
    });
    this.#around.announce(`Saving ${this.#row.name}`);
    return this.#around.busy(work(cancel.signal));
  }

  /** @param {AbortSignal} signal */
  #stream(signal) {
    const total = words.sizeText(this.#row.recording.bytes);
    const announce = this.#quarters();
    return recordingStream(this.#session, this.#row.recording, {
      signal,
      onProgress: (bytes) => {
        this.#row.progress(bytes, `Saving: ${words.sizeText(bytes)} of ${total}`);
        announce(bytes);
      },
      onWait: () => this.#around.announce("The connection broke. Trying again."),
    });
  }

  /** Announce each quarter once: every step would drown out everything else. */
  #quarters() {
    let told = 0;
    return (/** @type {number} */ bytes) => {
      const quarter = Math.floor((4 * bytes) / this.#row.recording.bytes);
      if (quarter > told && quarter < 4) this.#around.announce(`${quarter * 25} percent of ${this.#row.name} saved`);
      told = quarter;
    };
  }

  /**
   * @param {Blob} file
   * @param {AbortSignal} signal
   * @param {string} title
   */
  #digest(file, signal, title) {
    return digestOf(file, signal, (bytes) => this.#row.progress(bytes, title));
  }

  /**
   * @param {Blob} blob
   * @param {string} digest
   */
  #askForIt(blob, digest) {
    this.#row.show({
      tone: "note",
      title: "Is it safely with you?",
      text:
        "Your browser is saving the file. Check that it’s in your downloads and that it plays. Then tell us, and " +
        "we destroy our copy for good. Until you do, it stays here.",
      actions: [
        { label: "I have it: destroy it here", run: () => this.#confirm(digest), primary: true },
        { label: "Save it again", run: () => download(blob, safeName(this.#row.recording)) },
      ],
    });
    this.#around.announce(`${this.#row.name} is in your browser’s downloads. Check it, then confirm.`);
  }

  /** @param {string} digest */
  async #confirm(digest) {
    this.#row.show({ tone: "busy", title: "Confirming", bar: true });
    try {
      this.#showAnswer(await this.#around.busy(this.#send(digest)), digest);
    } catch (error) {
      this.#showUnconfirmed(error, digest);
    }
  }

  /**
   * @param {unknown} error
   * @param {string} digest
   */
  #showUnconfirmed(error, digest) {
    const text = words.confirmingProblem(error);
    unconfirmed.delete(this.#row.recording.id);
    if (words.isMismatch(error)) return this.#showFailure(text, error);
    unconfirmed.set(this.#row.recording.id, digest);
    this.#showFailure(text, error, {
      label: "Confirm again",
      run: () => this.#confirm(digest),
      primary: true,
    });
  }

  /**
   * The same receipt may be sent twice: it gets the same answer.
   *
   * @param {string} digest
   */
  async #send(digest) {
    const patience = new Patience(null, () => this.#around.announce("The connection broke. Trying again."));
    for (;;) {
      try {
        return await this.#session.confirm(this.#row.recording.id, digest);
      } catch (error) {
        await patience.wait(error);
      }
    }
  }

  /**
   * @param {import("./api.js").Answer} answer
   * @param {string} digest
   */
  #showAnswer(answer, digest) {
    unconfirmed.delete(this.#row.recording.id);
    const step = outcome(answer, this.#row.recording, () => this.#confirm(digest));
    this.#row.show(step);
    this.#around.announce(`${this.#row.name}: ${step.title}`);
  }

  /**
   * @param {string} text
   * @param {unknown} error
   * @param {import("./row.js").Action} [action]
   */
  #showFailure(text, error, action = { label: "Try again", run: () => this.#save(), primary: true }) {
    this.#row.show({ tone: "bad", text, actions: words.isCollected(error) ? [] : [action] });
    this.#around.announce(`${this.#row.name}: ${text}`);
    this.#around.failed(error, true);
  }
}
