/**
 * Reading a destruction certificate for showing. It is a C2SP tlog-proof whose extra data is the log's entry;
 * the page shows what it says and checks nothing: checking is for software that isn't ours.
 *
 * @module
 */

/**
 * @typedef {{shreddedAt: string | null, snapshotHorizon: string | null}} Summary
 *
 * @param {string} certificate
 * @returns {Summary}
 */
export function summarise(certificate) {
  try {
    const extra = /^extra (\S+)$/m.exec(certificate)?.[1] ?? "";
    const bytes = Uint8Array.from(atob(extra), (letter) => letter.charCodeAt(0));
    const entry = JSON.parse(new TextDecoder().decode(bytes));
    return { shreddedAt: entry.time ?? null, snapshotHorizon: horizon(entry.facts?.snapshot_horizon) };
  } catch {
    return { shreddedAt: null, snapshotHorizon: null };
  }
}

/** @param {unknown} fact */
function horizon(fact) {
  return fact === undefined || fact === "unstated" ? null : String(fact);
}
