import { expect } from 'vitest';

import { refusalOf, type Manners } from '../../../proof/history/check.js';
import type { History } from '../../../proof/history/history.js';
import { Porcupine, PORCUPINE_FILES } from '../../proof/porcupine/porcupine.js';
import { areThere, lacks } from '../needs.js';

/** Fails unless the model allows every line of a history and, where porcupine is installed, it finds the history linearizable. */
export function expectAllowed(history: History, manners: Manners): void {
  expect(refusalOf(history, manners)).toBeUndefined();
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
