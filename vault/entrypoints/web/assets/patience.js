/**
 * How long to keep trying: on a broken connection, and on 408, 429 and 5xx; never on another answer.
 *
 * @module
 */

import { ApiError, Unreachable } from "./api.js";

const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];
const LONGEST_PAUSE_MS = 60000;

/** One run of tries. `wait` after each failure, `renew` after each success in between. */
export class Patience {
  #tries = 0;
  #signal;
  #onWait;

  /**
   * @param {AbortSignal | null} signal ends a pause early
   * @param {() => void} [onWait] called before each pause
   */
  constructor(signal, onWait = () => {}) {
    this.#signal = signal;
    this.#onWait = onWait;
  }

  /** Start counting anew: something got through. */
  renew() {
    this.#tries = 0;
  }

  /**
   * Pause before the next try, or throw the error if there should be none.
   *
   * @param {unknown} error
   */
  async wait(error) {
    const pause = PAUSES_MS[this.#tries];
    if (pause === undefined || !isTransient(error)) throw error;
    this.#tries += 1;
    this.#onWait();
    await sleep(Math.min(Math.max(pause, wished(error)), LONGEST_PAUSE_MS), this.#signal);
  }
}

/** @param {unknown} error */
function isTransient(error) {
  return error instanceof Unreachable || (error instanceof ApiError && error.transient);
}

/**
 * The pause that the service asked for, in milliseconds.
 *
 * @param {unknown} error
 */
function wished(error) {
  return error instanceof ApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal | null} signal
 * @returns {Promise<void>}
 */
function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
