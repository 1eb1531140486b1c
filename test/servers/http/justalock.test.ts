import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Lockfile, VfsFile } from '../../../src/index.js';
import { areThere, lacks } from '../../support/needs.js';
import { TestService } from '../../support/serve/service.js';
import { listening, type Listening } from '../../support/serve/listening.js';
import { HOW_TO_GET_PYTHON_CLIENTS, PYTHON, PYTHON_CLIENT_FILES } from './python-clients.js';

const lacking = areThere(PYTHON_CLIENT_FILES) ? undefined : lacks(HOW_TO_GET_PYTHON_CLIENTS);
const run = promisify(execFile);

/** As the client makes it of 16 characters. */
const ID = 'sixteen letters!';
const NAME = Buffer.from(ID).toString('base64url');

describe.skipIf(lacking !== undefined)(`justalock-client 0.1.0${lacking ? `: ${lacking}` : ''}`, () => {
  let service: TestService;
  let web: Listening;

  beforeEach(async () => {
    service = new TestService();
    web = await listening(service.service);
  });
  afterEach(() => web.stop());

  /** What the client printed: words and times by line. */
  async function client(name: string, seconds: number): Promise<readonly (readonly [string, string])[]> {
    const { stdout } = await run(PYTHON, ['test/servers/http/justalock-client.py', web.url, ID, name, String(seconds)]);
    return stdout
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? ''] as const);
  }

  test('three of them never hold a lock at one time, and each gets it', { timeout: 600_000 }, async () => {
    const outputs = await Promise.all(['a', 'b', 'c'].map((name) => client(name, 2)));
    const spans = outputs.map((lines) => {
      const at = (word: string): number => Number(lines.filter(([first]) => first === word).at(-1)?.[1]);
      return [at('held'), at('done')] as const;
    });
    spans.sort(([a], [b]) => a - b);
    for (const [from, until] of spans) expect(until).toBeGreaterThan(from);
    for (const [index, [from]] of spans.slice(1).entries()) expect(from).toBeGreaterThan(spans[index]![1]);
  });

  test('it waits for a program of this library, and that waits for it', { timeout: 600_000 }, async () => {
    const ours = new Lockfile(new VfsFile(service.vfs, NAME), { ownerId: 'ours' });
    await ours.acquire();
    let isOver = false;
    const running = client('a', 2).finally(() => (isOver = true));
    await expect
      .poll(async () => (await service.text('GET /metrics'))[1], { timeout: 120_000 })
      .toMatch(/dialect="justalock",outcome="held"/);
    expect(isOver).toBe(false);
    await ours.release();
    await running;
    await ours.acquire({ wait: '2m' });
    expect(ours.reclaimedFrom).toMatchObject({ reason: 'expired' });
    await ours.release();
  });
});
