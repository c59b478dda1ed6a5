/**
 * What became of a recording whose receipt was taken, in words and buttons.
 *
 * @module
 */

import { summarise } from "./certificate.js";
import { download } from "./save.js";
import { exactText } from "./words.js";

/**
 * @param {import("./api.js").Answer} answer
 * @param {import("./api.js").Recording} recording
 * @param {() => void} askAgain sends the same receipt again
 * @returns {import("./row.js").Shown}
 */
export function outcome({ state, certificate }, recording, askAgain) {
  switch (state) {
    case "shredded":
      return shredded(certificate ?? "", recording);
    case "held":
      return {
        tone: "note",
        title: "Saved. Kept here by a legal hold",
        text: "You have the recording. A legal hold forbids destroying our copy, so it stays here for now.",
      };
    case "retained":
      return {
        tone: "note",
        title: "Saved. Kept here by your company’s instruction",
        text: "You have the recording. Your company has instructed us to keep our copy, so it wasn’t destroyed.",
      };
    case "pending":
      return {
        tone: "note",
        title: "Saved. Being destroyed",
        text:
          "You have the recording, and nobody can open our copy any more. Its key isn’t destroyed on every disk " +
          "yet. The certificate follows once it is.",
        actions: [{ label: "Ask again for the certificate", run: askAgain }],
      };
  }
}

/**
 * @param {string} certificate
 * @param {import("./api.js").Recording} recording
 * @returns {import("./row.js").Shown}
 */
function shredded(certificate, { id }) {
  const { shreddedAt, snapshotHorizon } = summarise(certificate);
  const snapshots = snapshotHorizon
    ? ` As the certificate says, snapshots of the whole machine may still hold it for: ${snapshotHorizon}.`
    : "";
  return {
    tone: "good",
    title: shreddedAt === null ? "Destroyed here" : `Destroyed here at ${exactText(shreddedAt)}`,
    text: `Look after your file: nobody can open our copy any more.${snapshots}`,
    actions: [
      {
        label: "Save the certificate",
        run: () => download(new Blob([certificate]), `certificate-${id}.tlog-proof`),
      },
    ],
  };
}
