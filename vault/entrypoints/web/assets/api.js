/**
 * The collect API as the page calls it (described at `/openapi.json`).
 *
 * The session's token lives in this object and nowhere else: no cookie, no storage.
 *
 * @module
 */

/** Relative to this module, so that the service may also live below a path. */
const API = new URL("../../v1/collect/", import.meta.url);

/**
 * @typedef {object} Call call details as the source sent them, null or empty where it told nothing
 * @property {string | null} started_at RFC 3339
 * @property {number | null} duration_seconds
 * @property {string | null} direction
 * @property {string[]} calling
 * @property {string | null} called
 * @property {string[]} diverted_by
 * @property {string | null} carrier
 * @property {string | null} agent
 *
 * @typedef {object} Recording
 * @property {string} id
 * @property {string | null} file_name
 * @property {number} bytes
 * @property {string} state `waiting`, or `retained` once it was collected and something keeps it
 * @property {string} sealed_at RFC 3339
 * @property {boolean} header_incomplete whether the source left the file's header unfinished
 * @property {Call} call
 *
 * @typedef {{items: Recording[], next: string | null}} Page
 * @typedef {{state: "shredded" | "held" | "retained" | "pending", certificate: string | null}} Answer
 * @typedef {{link: string, password: string} | {customer: string, password: string}} Credentials
 */

/** The service answered with a problem (RFC 9457). */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code the problem's stable code
   * @param {number | null} retryAfterSeconds
   */
  constructor(status, code, retryAfterSeconds) {
    super(`${status} ${code}`);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same request may succeed later. */
  get transient() {
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The service could not be reached, or the connection broke. */
export class Unreachable extends Error {
  constructor() {
    super("unreachable");
    this.name = "Unreachable";
  }
}

/** A signed-in customer. */
export class Session {
  #token;

  /**
   * @param {string} token
   * @param {string} expiresAt RFC 3339
   */
  constructor(token, expiresAt) {
    this.#token = token;
    this.expiresAt = expiresAt;
  }

  /**
   * @param {string | null} cursor of the page before, or null for the first
   * @returns {Promise<Page>}
   */
  async list(cursor) {
    const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    return (await this.#call("GET", `recordings${query}`)).json();
  }

  /**
   * Ask for a recording from a byte on; the body is still to be read.
   *
   * @param {string} id
   * @param {{from: number, etag: string | null, signal: AbortSignal}} options
   */
  content(id, { from, etag, signal }) {
    /** @type {Record<string, string>} */
    const headers = {};
    if (from > 0) headers["Range"] = `bytes=${from}-`;
    if (from > 0 && etag !== null) headers["If-Range"] = etag;
    return this.#call("GET", `recordings/${encodeURIComponent(id)}/content`, { headers, signal });
  }

  /**
   * Prove that the customer holds the recording. This is what destroys it here.
   *
   * @param {string} id
   * @param {string} sha256 hex
   * @returns {Promise<Answer>}
   */
  async confirm(id, sha256) {
    const path = `recordings/${encodeURIComponent(id)}/receipt`;
    return (await this.#call("POST", path, { body: { sha256 } })).json();
  }

  /** End the session; `keepalive` lets the request outlive the page. */
  async end({ keepalive = false } = {}) {
    await this.#call("DELETE", "sessions/current", { keepalive });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {CallOptions} [options]
   */
  #call(method, path, options = {}) {
    const headers = { ...options.headers, Authorization: `Bearer ${this.#token}` };
    return call(method, path, { ...options, headers });
  }
}

/**
 * @param {Credentials} credentials
 * @returns {Promise<Session>}
 */
export async function signIn(credentials) {
  const { token, expires_at } = await (await call("POST", "sessions", { body: credentials })).json();
  return new Session(token, expires_at);
}

/**
 * @typedef {{headers?: Record<string, string>, body?: object, signal?: AbortSignal, keepalive?: boolean}} CallOptions
 *
 * @param {string} method
 * @param {string} path
 * @param {CallOptions} options
 */
async function call(method, path, { headers = {}, body, signal, keepalive = false }) {
  /** @type {RequestInit} */
  const init = { method, headers, keepalive, cache: "no-store", credentials: "omit", redirect: "error" };
  if (signal) init.signal = signal;
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { ...headers, "Content-Type": "application/json" };
  }
  const response = await fetch(new URL(path, API), init).catch(asUnreachable);
  if (!response.ok) throw await problem(response);
  return response;
}

/**
 * `fetch` and body readers report a broken connection as a TypeError.
 *
 * @param {unknown} error
 * @returns {never}
 */
export function asUnreachable(error) {
  throw error instanceof TypeError ? new Unreachable() : error;
}

/** @param {Response} response */
async function problem(response) {
  const body = await response.json().catch(() => null);
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new ApiError(response.status, String(body?.code ?? "unknown"), Number.isNaN(seconds) ? null : seconds);
}
