// @ts-check
/** @typedef {{ readonly name: string }} Named */

/**
 * The pointer to the epochs of a locked file, in a folder beside it.
 *
 * @param {Named} file
 */
export function pointerOf({ name }) {
  return `${name}-epochs/current`;
}

/**
 * The page that is published with it.
 *
 * @param {Named} file
 */
export function pageOf({ name }) {
  return `${name}-epochs/page`;
}

const LINE_BYTES = 32;
const LINES = 512;

/**
 * What the acquisition with a token writes: every line names it, so that a mixture would be noticed.
 *
 * @param {bigint} token
 */
export function textOf(token) {
  return `${`token ${String(token)}`.padEnd(LINE_BYTES - 1)}\n`.repeat(LINES);
}
