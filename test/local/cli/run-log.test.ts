import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { called, cli, eventually, matching, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';
import { jsonLines, type JsonLine } from '../../support/cli/schema.js';

const folder = useFolder();
const file = (): string => join(folder(), 'data.csv');
const log = (): string => join(folder(), 'run.log');
const lines = (): readonly JsonLine[] => jsonLines(readFileSync(log(), 'utf8'));
const run = (options: readonly string[], ...command: readonly string[]): Promise<{ readonly code: number | null }> =>
  called(['run', file(), '--log', log(), ...options, '--', ...command]);

describe('issue 12: run --log', () => {
  it('appends what happened to the lock and to COMMAND, by the names of the schema', async () => {
    putLock(folder(), 'data.csv', 100);
    expect(await run(['-q'], 'sh', '-c', 'exit 3')).toMatchObject({ code: 3 });
    const path = `${file()}.lock`;
    const [first] = lines();
    const id = first?.id;
    const about = { type: 'run', path, id };
    expect(lines()).toMatchObject([
      { ...about, event: 'acquired', reason: 'expired', error: null },
      { ...about, event: 'ended', reason: null, code: 3, signal: null },
      { ...about, event: 'released', reason: 'released' },
    ]);
    expect(await run([], join(folder(), 'nothing'))).toMatchObject({ code: 127 });
    expect(lines().slice(3)).toMatchObject([
      { event: 'acquired', reason: 'free' },
      { event: 'not-started', error: 'ENOENT' },
      { event: 'released' },
    ]);
  });

  it('says for whom it waited, that it gave up, and that the lock was lost', async () => {
    putLock(folder(), 'data.csv', 0, { ...ELSEWHERE, ownerId: 'somebody' });
    await run(['--wait', '200ms'], 'true');
    expect(lines()).toMatchObject([
      { event: 'waiting', reason: matching(/held by somebody/) },
      { event: 'not-acquired', reason: 'timeout' },
    ]);
    putLock(folder(), 'data.csv', 100);
    const running = cli(['run', file(), '-q', '--log', log(), '--', 'sleep', '600']);
    await eventually(() => expect(lines().at(-1)).toMatchObject({ event: 'acquired' }));
    writeFileSync(`${file()}.lock`, '{"ttl":0,"hostname":"elsewhere","pid":1}');
    expect((await running.outcome).code).toBe(80);
    const last = lines().slice(3);
    expect(last.map(({ event }) => event)).toEqual(expect.arrayContaining(['lost', 'ended']));
    expect(last.find(({ event }) => event === 'lost')).toMatchObject({ reason: 'stolen' });
  });

  it.each([
    ['a link that somebody planted', (): void => symlinkSync(join(folder(), 'victim'), log())],
    ['a folder', (): void => mkdirSync(log())],
  ])('never fails the lock nor COMMAND: the log is %s', async (_, plant) => {
    writeFileSync(join(folder(), 'victim'), 'precious');
    plant();
    const outcome = await run([], 'true');
    expect(outcome).toMatchObject({ code: 0, stderr: matching(/^vfs-lockfile: the log is incomplete: .*\n$/) });
    expect(readFileSync(join(folder(), 'victim'), 'utf8')).toBe('precious');
  });
});
