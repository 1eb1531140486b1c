import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { calledShared, matching, useFolder } from '../../support/cli/harness.js';
import { ELSEWHERE, putLock } from '../../support/cli/locks.js';
import { jsonLines, outputSchema, type JsonLine } from '../../support/cli/schema.js';

const folder = useFolder();

/** The lines that a command prints, each checked against the schema. */
async function linesOf(...args: readonly string[]): Promise<readonly JsonLine[]> {
  return jsonLines((await calledShared([...args, '--json'])).stdout);
}

/** The parts of a schema that describe objects without saying what else may be in them. */
function openPartsOf(part: unknown, path = ''): readonly string[] {
  if (typeof part !== 'object' || part === null) return [];
  const below = Object.entries(part).flatMap(([name, value]) => openPartsOf(value, `${path}/${name}`));
  return 'properties' in part && !('additionalProperties' in part) && !path.endsWith('/properties')
    ? [path, ...below]
    : below;
}

describe('U37: --json', () => {
  it('has a schema in the package that describes each object wholly', () => {
    const packaged = createRequire(import.meta.url).resolve('vfs-lockfile/cli-output.schema.json');
    expect(JSON.parse(readFileSync(packaged, 'utf8'))).toEqual(outputSchema());
    expect(openPartsOf(outputSchema())).toEqual([]);
    expect(() =>
      jsonLines('{"schema":1,"type":"released","done":true,"file":"/a","path":"/a.lock","id":"x","more":1}\n'),
    ).toThrow();
  });

  it('follows the schema of the package, in every state of a lock', async () => {
    const createdAt = new Date(Date.now() - 90_000).toISOString();
    putLock(folder(), 'held', 5, { ...ELSEWHERE, createdAt, renewedAt: new Date().toISOString(), renewals: 7 });
    putLock(folder(), 'endless', 5, { ...ELSEWHERE, ttl: 0, note: { job: 7 }, command: ['make', 'all'] });
    putLock(folder(), 'stale', 100, { ...ELSEWHERE, fencingToken: '12' });
    putLock(folder(), 'released', 0, { ...ELSEWHERE, fencingToken: '13', released: true });
    putLock(folder(), 'torn', 1, '{');
    putLock(folder(), 'foreign', 1, 'GEM\n');
    const all = await linesOf('ls', folder(), '--all', '--sort', 'file');
    expect(all.map(({ type, state, expiresInMs }) => [type, state, expiresInMs])).toEqual([
      ['lock', 'held', 'never'],
      ['lock', 'foreign', expect.anything()],
      ['lock', 'held', expect.any(Number)],
      ['lock', 'released', null],
      ['lock', 'stale', 0],
      ['lock', 'unreadable', expect.any(Number)],
    ]);
    for (const name of ['held', 'none', 'torn', 'released']) {
      const [status] = await linesOf('status', join(folder(), name));
      expect(status).toMatchObject({ type: 'lock', file: join(folder(), name) });
    }
  });

  it('follows it for every other command', async () => {
    const file = join(folder(), 'data.csv');
    const [acquired] = await linesOf('acquire', file, '--pid', 'none', '--owner', 'me', '--fencing');
    expect(acquired).toMatchObject({
      type: 'acquired',
      fencingToken: '1',
      record: { ownerId: 'me', pid: 0, tool: matching(/^vfs-lockfile \d/) },
    });
    const id = acquired?.id ?? '';
    expect(await linesOf('renew', file, '--id', id)).toMatchObject([{ type: 'renewed', done: true, id }]);
    expect(await linesOf('renew', file, '--id', 'x')).toMatchObject([{ type: 'renewed', done: false, id: 'x' }]);
    expect(await linesOf('release', file, '--id', 'x')).toMatchObject([{ type: 'released', done: false }]);
    expect(await linesOf('release', file, '--id', id)).toMatchObject([{ type: 'released', done: true }]);
    const [held] = await linesOf('hold', file, '--for', '2h', '--reason', 'moving');
    expect(held).toMatchObject({ type: 'acquired', record: { leaseMs: 7_200_000, note: { reason: 'moving' } } });
    expect(await linesOf('unlock', file, '--expect', 'x')).toMatchObject([{ type: 'unlocked', done: false, by: null }]);
    const [unlocked] = await linesOf('unlock', file, '--expect', held?.id ?? '', '--reason', 'done');
    expect(unlocked).toMatchObject({ type: 'unlocked', done: true, reason: 'done' });
    putLock(folder(), 'stale', 100);
    const [reclaimed] = await linesOf('acquire', join(folder(), 'stale'));
    expect(reclaimed?.reclaimedFrom).toEqual({ reason: 'expired', ownerId: 'them' });
    putLock(folder(), 'older', 100);
    putLock(folder(), 'foreign', 1, 'GEM\n');
    const swept = await linesOf('sweep', folder(), '--all');
    expect(swept.map(({ type }) => type)).toEqual([...swept.slice(1).map(() => 'swept'), 'sweep-totals']);
    expect(swept.length).toBeGreaterThan(2);
    expect(await linesOf('doctor', folder())).toMatchObject([{ type: 'diagnosis', backend: 'file' }]);
  });
});
