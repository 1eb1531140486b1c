import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { refusalOf, type Manners } from '../../../proof/history/check.js';
import type { History } from '../../../proof/history/history.js';
import { Porcupine, PORCUPINE_FILES } from '../../proof/porcupine/porcupine.js';
import { writeJournals } from '../../proof/torture/journal.mjs';
import { areThere, lacks } from '../needs.js';
import type { Mutation } from './mutations.js';

/**
 * Fails unless the model allows every line of a history and, where porcupine is installed, it finds the history linearizable.
 * The folder that HISTORY_FOLDER names keeps the history, as lines of JSON.
 */
export function expectAllowed(history: History, manners: Manners): void {
  keep(history, process.env.HISTORY_FOLDER);
  const refusal = refusalOf(history, manners);
  expect(refusal, refusal).toBeUndefined();
  if (!areThere(PORCUPINE_FILES)) {
    console.log(`no outside judge: ${lacks('porcupine')}`);
    return;
  }
  const porcupine = new Porcupine();
  try {
    expect(porcupine.judge(history, manners)).toBe('linearizable');
  } finally {
    porcupine.dispose();
  }
}

/** Fails if one of the changed histories is allowed. Judges at most `most` of them, evenly spread, as each takes time. */
export function expectRefused(all: readonly Mutation[], most: number, isAllowed: (history: History) => boolean): void {
  expect(all.length).toBeGreaterThan(0);
  const step = Math.ceil(all.length / most);
  const allowed = all.filter((_each, at) => at % step === 0).filter(({ history }) => isAllowed(history));
  expect(allowed.map(({ what }) => what)).toEqual([]);
}

/** Whether the model allows a history in which no request was repeated. */
export function isAllowed(history: History): boolean {
  return refusalOf(history, { repeats: false }) === undefined;
}

function keep(history: History, folder: string | undefined): void {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  writeJournals(mkdtempSync(join(folder, 'history-')), history);
}
