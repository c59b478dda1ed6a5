/**
 * What the page says: sizes, times, and what went wrong.
 *
 * @module
 */

import { ApiError, Unreachable } from "./api.js";
import { ContentChanged } from "./stream.js";

const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const UNITS = ["kB", "MB", "GB", "TB"];

const DIRECTIONS = new Map([
  ["inbound", "Inbound"],
  ["outbound", "Outbound"],
  ["internal", "Internal"],
]);

/** The visitor's time zone, for example `Europe/London`. */
export function zoneName() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}

/** @param {string} time RFC 3339 */
export const momentText = (time) => MOMENT.format(new Date(time));

/** @param {string} time RFC 3339 */
export const exactText = (time) => EXACT.format(new Date(time));

/** @param {string} time RFC 3339 */
export const clockText = (time) => CLOCK.format(new Date(time));

/** @param {number} bytes */
export function sizeText(bytes) {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length);
  const value = bytes / 1000 ** power;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${UNITS[power - 1]}`;
}

/** @param {number} seconds */
export function durationText(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

/** @param {string} direction */
export function directionText(direction) {
  return DIRECTIONS.get(direction) ?? direction;
}

/**
 * Why signing in failed. Which part was wrong the service tells nobody.
 *
 * @param {unknown} error
 * @param {boolean} byLink
 */
export function signInProblem(error, byLink) {
  if (error instanceof ApiError && error.status === 429) {
    return `Too many tries. Please try again ${laterText(error.retryAfterSeconds)}.`;
  }
  if (error instanceof ApiError && [400, 401, 403, 413].includes(error.status)) {
    return byLink
      ? "That didn’t work. Check the six words. If they’re right, the link may have expired: ask for a new one."
      : "That didn’t work. Check the customer name and the six words.";
  }
  return generalProblem(error);
}

/**
 * Why a recording could not be saved.
 *
 * @param {unknown} error
 */
export function savingProblem(error) {
  if (isCollected(error)) {
    return "This recording was collected already, so it’s no longer here.";
  }
  return `${cause(error)} Nothing was destroyed: the recording still waits here.`;
}

/**
 * Why a saved recording could not be confirmed. Whether the receipt arrived is not always known.
 *
 * @param {unknown} error
 */
export function confirmingProblem(error) {
  if (isMismatch(error)) {
    return (
      "Your file isn’t the same as the recording, so nothing was destroyed and the recording still waits here. " +
      "Delete your file and save it again."
    );
  }
  return `You have the recording, but we couldn’t confirm that to the service. ${generalProblem(error)}`;
}

/** @param {unknown} error */
export function generalProblem(error) {
  if (error instanceof Unreachable) return "The service can’t be reached. Check your connection.";
  if (!(error instanceof ApiError)) return "Something unexpected went wrong on this page.";
  if (isSessionOver(error)) return "You’ve been signed out. Please sign in again.";
  if (error.transient) return `The service can’t do this just now. Please try again ${laterText(error.retryAfterSeconds)}.`;
  return `The service refused this (${error.code}).`;
}

/**
 * Whether the session has ended, by time or by a new password.
 *
 * @param {unknown} error
 */
export function isSessionOver(error) {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

/**
 * Whether the recording is gone, because somebody collected it before.
 *
 * @param {unknown} error
 */
export function isCollected(error) {
  return error instanceof ApiError && error.status === 410;
}

/**
 * Whether the receipt was of something else than the recording.
 *
 * @param {unknown} error
 */
export function isMismatch(error) {
  return error instanceof ApiError && error.code === "digest_mismatch";
}

/** @param {unknown} error */
function cause(error) {
  if (error instanceof ContentChanged) return "What arrived isn’t what was listed.";
  if (!(error instanceof DOMException)) return generalProblem(error);
  if (error.name === "AbortError") return "You stopped saving.";
  if (error.name === "QuotaExceededError") return "Your disk is full.";
  if (error.name === "NotAllowedError") return "Your browser wasn’t allowed to write the file.";
  return "The file couldn’t be written to your disk.";
}

/** @param {number | null} seconds */
function laterText(seconds) {
  if (seconds === null) return "in a few minutes";
  const minutes = Math.ceil(seconds / 60);
  const wait = seconds < 60 ? `in ${seconds} seconds` : minutes === 1 ? "in a minute" : `in ${minutes} minutes`;
  return `${wait}, at ${clockText(new Date(Date.now() + seconds * 1000).toISOString())}`;
}
