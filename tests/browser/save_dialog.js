// Stands in for the save dialog, which a headless browser doesn't have: the handle is of a real file, in the
// origin's own file system. Notes in which order things happen, and can fail as a full disk does.
(() => {
  window.witnessed = [];

  window.showSaveFilePicker = async ({ suggestedName }) => {
    if (window.dialogPlan === "dismiss") throw new DOMException("dismissed", "AbortError");
    window.suggestedName = suggestedName;
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("saved", { create: true });
    const createReally = handle.createWritable.bind(handle);
    handle.createWritable = async () => watched(await createReally());
    return handle;
  };

  function watched(writable) {
    return new WritableStream({
      write: (chunk) => writable.write(chunk),
      abort: (reason) => writable.abort(reason),
      close: async () => {
        if (window.dialogPlan === "fail at close") {
          await writable.abort();
          throw new DOMException("no space left", "QuotaExceededError");
        }
        await writable.close();
        window.witnessed.push("closed");
      },
    });
  }

  const fetchReally = window.fetch.bind(window);
  window.fetch = (url, init) => {
    if (String(url).endsWith("/receipt")) window.witnessed.push("receipt");
    return fetchReally(url, init);
  };

  window.savedDigest = async () => {
    const folder = await navigator.storage.getDirectory();
    const file = await (await folder.getFileHandle("saved")).getFile();
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
})();
