/**
 * Putting things on the visitor's disk: into a file the page may write, or as a download of the browser.
 *
 * @module
 */

/** Above this a browser that can't write files itself may run out of memory. */
export const LARGE_DOWNLOAD_BYTES = 2 ** 30;

const LONGEST_NAME = 120;

/**
 * The File System Access API, where there is one.
 *
 * @typedef {(options: {suggestedName: string}) => Promise<FileSystemFileHandle>} Picker
 * @typedef {Window & {showSaveFilePicker?: Picker}} PickingWindow
 */

/** Whether this browser lets a page write a file, and say when it is closed (Chrome, Edge). */
export function canWriteFiles() {
  return picker() !== undefined;
}

/**
 * Ask where to save.
 *
 * @param {string} name
 * @returns {Promise<FileSystemFileHandle | null>} null when the visitor thinks better of it
 */
export async function chooseFile(name) {
  try {
    return (await picker()?.({ suggestedName: name })) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

/** @returns {Picker | undefined} */
function picker() {
  return /** @type {PickingWindow} */ (window).showSaveFilePicker?.bind(window);
}

/**
 * Write the stream and close the file; only then does the file exist under its name, whole.
 *
 * @param {FileSystemFileHandle} handle
 * @param {ReadableStream<Uint8Array>} stream
 * @param {AbortSignal} signal
 * @returns {Promise<File>} the file as it now lies on the disk
 */
export async function writeFile(handle, stream, signal) {
  try {
    await stream.pipeTo(await handle.createWritable(), { signal });
    return await handle.getFile();
  } catch (error) {
    await removeEmpty(handle);
    throw error;
  }
}

/**
 * The picker made an empty file, which would look like a saved recording.
 *
 * @param {FileSystemFileHandle & {remove?: () => Promise<void>}} handle
 */
async function removeEmpty(handle) {
  try {
    if ((await handle.getFile()).size === 0) await handle.remove?.();
  } catch {
    // It is gone already, or not ours to remove: the message to the visitor is the same.
  }
}

/**
 * Collect a stream in the browser, which spools what is large to its own disk.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {Promise<Blob>}
 */
export function toBlob(stream) {
  return new Response(stream).blob();
}

/**
 * Hand a blob to the browser's downloads. Nothing tells the page how that ends.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = document.createElement("a");
  // Without a type of its own: nothing that was recorded is ever shown as a page of this site.
  link.href = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  // The browser has taken hold of the content by then; Safari needs more than an instant for it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/**
 * A name that every file system takes and that shows what it is.
 *
 * @param {import("./api.js").Recording} recording
 */
export function safeName(recording) {
  const name = (recording.file_name ?? "")
    .replace(/[\p{C}\p{Zl}\p{Zp}<>:"/\\|?*]/gu, "_") // control and direction characters, what Windows refuses
    .replace(/^[.\s]+|[.\s]+$/g, "")
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i, "_$1");
  return shortened(name) || `recording-${recording.id}`;
}

/**
 * Shorten the stem, keep the extension.
 *
 * @param {string} name
 */
function shortened(name) {
  const letters = Array.from(name);
  if (letters.length <= LONGEST_NAME) return name;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(name)?.[0] ?? "";
  return letters.slice(0, LONGEST_NAME - extension.length).join("") + extension;
}
