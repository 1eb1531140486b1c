import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { encodeMark, type WaiterMark } from '../../src/lock/model/waiter.js';
import { freshId } from '../../src/util/fresh-id.js';
import { waiterPath } from '../../src/vfs/names.js';

/** The mark of somebody on another machine who has waited for five seconds. */
export function markOf(change: Partial<WaiterMark> = {}): WaiterMark {
  const identity = { hostname: 'elsewhere', pid: 1234, bootId: 'b', machineId: 'm', processStart: '1', namespace: 'n' };
  const texts = { user: 'anna', ownerId: 'the other', command: ['sync', '--all'] };
  const lock = 'data.csv.lock';
  return { lock, ...identity, ...texts, since: new Date(), waitedMs: 5000, forMs: 3_600_000, ...change };
}

/** Leaves such a mark in a folder on this machine, and returns where. */
export function putMark(folder: string, change?: Partial<WaiterMark>): string {
  const mark = markOf(change);
  const path = join(folder, waiterPath(mark.lock, freshId()));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, encodeMark(mark) ?? '');
  return path;
}
