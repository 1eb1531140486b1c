import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
 * The folder that HISTORY_FOLDER names keeps the history, as lines of JSON; one that is refused is kept in any case.
 */
export function expectAllowed(history: History, manners: Manners): void {
  const { HISTORY_FOLDER } = process.env;
  const kept = HISTORY_FOLDER === undefined ? undefined : keep(history, HISTORY_FOLDER);
  const refusal = refusalOf(history, manners) ?? outsideRefusalOf(history, manners);
  expect(refusal, refusal && `${refusal}: see ${kept ?? keep(history, tmpdir())}`).toBeUndefined();
}

function outsideRefusalOf(history: History, manners: Manners): string | undefined {
  if (!areThere(PORCUPINE_FILES)) {
    console.log(`no outside judge: ${lacks('porcupine')}`);
    return undefined;
  }
  const porcupine = new Porcupine();
  try {
    const verdict = porcupine.judge(history, manners);
    return verdict === 'linearizable' ? undefined : `porcupine: ${verdict}`;
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

/** Returns where. */
function keep(history: History, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const kept = mkdtempSync(join(folder, 'vfs-lockfile-history-'));
  writeJournals(kept, history);
  return kept;
}
