/**
 * A recording as one stream of bytes, however often the connection breaks.
 *
 * After a break it goes on where it was (RFC 9110: Range with If-Range), so what arrives is whole or an error.
 *
 * @module
 */

import { asUnreachable, Unreachable } from "./api.js";
import { Patience } from "./patience.js";

/** The service sent something else than what it listed or than what was read so far. */
export class ContentChanged extends Error {
  constructor() {
    super("content changed");
    this.name = "ContentChanged";
  }
}

/**
 * @typedef {object} StreamOptions
 * @property {AbortSignal} signal
 * @property {(bytes: number) => void} onProgress how many bytes have arrived
 * @property {() => void} onWait the connection broke and is tried again
 *
 * @param {import("./api.js").Session} session
 * @param {import("./api.js").Recording} recording
 * @param {StreamOptions} options
 * @returns {ReadableStream<Uint8Array>}
 */
export function recordingStream(session, recording, options) {
  const body = new ResumingBody(session, recording, options.signal);
  const patience = new Patience(options.signal, options.onWait);
  return new ReadableStream(
    {
      async pull(controller) {
        const chunk = await nextChunk(body, patience);
        options.onProgress(body.position);
        if (chunk) controller.enqueue(chunk);
        if (body.complete) controller.close();
      },
      cancel: () => body.drop(),
    },
    { highWaterMark: 0 },
  );
}

/**
 * @param {ResumingBody} body
 * @param {Patience} patience
 */
async function nextChunk(body, patience) {
  while (!body.complete) {
    try {
      const chunk = await body.read();
      patience.renew();
      return chunk;
    } catch (error) {
      body.drop();
      await patience.wait(error);
    }
  }
  return null;
}

/** Reads a recording from wherever the last reader stopped. */
class ResumingBody {
  position = 0;
  #session;
  #recording;
  #signal;
  /** @type {string | null} */
  #etag = null;
  /** @type {ReadableStreamDefaultReader<Uint8Array> | null} */
  #reader = null;

  /**
   * @param {import("./api.js").Session} session
   * @param {import("./api.js").Recording} recording
   * @param {AbortSignal} signal
   */
  constructor(session, recording, signal) {
    this.#session = session;
    this.#recording = recording;
    this.#signal = signal;
  }

  get complete() {
    return this.position === this.#recording.bytes;
  }

  /** Return the next bytes, never none; throw `Unreachable` at a break, `ContentChanged` at a surprise. */
  async read() {
    this.#reader ??= await this.#open();
    const { done, value } = await this.#reader.read().catch(asUnreachable);
    if (done) throw new Unreachable();
    if (this.position + value.byteLength > this.#recording.bytes) throw new ContentChanged();
    this.position += value.byteLength;
    return value;
  }

  /** Let go of the connection. */
  drop() {
    this.#reader?.cancel().catch(() => {});
    this.#reader = null;
  }

  async #open() {
    const from = this.position;
    const response = await this.#session.content(this.#recording.id, {
      from,
      etag: this.#etag,
      signal: this.#signal,
    });
    if (from > 0 && !continues(response, from)) throw new ContentChanged();
    this.#etag = response.headers.get("ETag");
    if (!response.body) throw new Unreachable();
    return response.body.getReader();
  }
}

/**
 * Whether the answer goes on at that byte of the same content.
 *
 * @param {Response} response
 * @param {number} from
 */
function continues(response, from) {
  return response.status === 206 && (response.headers.get("Content-Range") ?? "").startsWith(`bytes ${from}-`);
}
