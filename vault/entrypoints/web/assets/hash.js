/**
 * SHA-256 of a file, read in pieces. The browser's own digest takes only what fits in memory at once.
 *
 * @module
 */

import { sha256 } from "./vendor/noble-hashes/sha2.js";

/**
 * @param {Blob} file
 * @param {AbortSignal} signal
 * @param {(bytes: number) => void} [onProgress] how many bytes were read
 * @returns {Promise<string>} 64 hexadecimal digits
 */
export async function digestOf(file, signal, onProgress = () => {}) {
  const hash = sha256.create();
  const reader = file.stream().getReader();
  let position = 0;
  for (;;) {
    const { done, value } = await reader.read();
    signal.throwIfAborted();
    if (done) return hex(hash.digest());
    hash.update(value);
    position += value.byteLength;
    onProgress(position);
  }
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
