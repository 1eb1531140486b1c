import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, it } from 'vitest';

import { readHistory, type HistoryEntry } from '../../../src/journal/index.js';
import { Child, endAll } from '../processes/child.js';

/** Writers of a journal that are killed at any moment, several at once. */
export function journalKilledSuite(kills: number): void {
  const folders: string[] = [];
  afterEach(async () => {
    await endAll();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it(`a line is whole or absent when its writer is killed, ${kills} times`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-journal-'));
    folders.push(folder);
    mkdirSync(join(folder, 'jobs'));
    const location = join(folder, 'jobs');
    const promised = new Map<string, number>();
    for (let kill = 0; kill < kills; kill += 1) {
      const owner = `writer-${kill}`;
      const [child, other] = [owner, `${owner}b`].map(
        (name) => new Child('journal', location, join(location, name), 1_000_000, name),
      );
      for (let seen = 0; seen <= kill % 5; seen += 1) promised.set(owner, Number(await child!.line()));
      child!.kill('SIGKILL');
      other!.kill('SIGKILL');
      await Promise.all([child!.end(), other!.end()]);
    }
    let skipped = 0;
    const released = new Map<string, number[]>();
    const entries: HistoryEntry[] = [];
    for await (const entry of readHistory(location, { onSkip: () => (skipped += 1) })) entries.push(entry);
    for (const { event, ownerId } of entries) {
      const [owner = '', round = ''] = ownerId.split(':');
      if (event === 'release') released.set(owner, [...(released.get(owner) ?? []), Number(round)]);
    }
    for (const [owner, last] of promised) {
      const rounds = released.get(owner) ?? [];
      // None is missing in the middle, and none that was promised at the end.
      expect(rounds).toEqual(rounds.map((_, at) => at));
      expect(rounds.length).toBeGreaterThan(last);
    }
    // A kill tears at most the line that is being written, and no other.
    expect(skipped).toBeLessThanOrEqual(2 * kills);
    const [name = ''] = readdirSync(join(location, '.vfs-lockfile-journal'));
    const text = readFileSync(join(location, '.vfs-lockfile-journal', name), 'utf8');
    expect(text.split('"event"').length - 1).toBeGreaterThanOrEqual(entries.length);
  });
}
