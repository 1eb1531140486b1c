import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { steadyMs, type Stay } from './judge.js';

const run = promisify(execFile);

/** Far longer than anybody holds a lock here, so that a lease that ends is not what the judge sees. */
export const TTL_MS = 300_000;

/** What the clients that this process starts have in common. */
export interface Torture {
  readonly urls: readonly string[];
  readonly files: readonly string[];
  readonly stays: Stay[];
  readonly isOver: () => boolean;
  /** Requests without an answer, because the instance was killed. */
  lost: number;
  takeOvers: number;
}

export const any = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T;

type Answer = Readonly<Record<string, unknown>>;

/** Repeats a request until some instance knows an answer. */
async function ask(torture: Torture, request: (url: string) => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      const answer = await request(any(torture.urls));
      // A busy server may give the service no answer in time.
      if (!JSON.stringify(answer).includes('the store failed')) return answer;
    } catch {
      torture.lost += 1;
    }
  }
}

async function visit(torture: Torture, who: string, file: string, askedMs: number): Promise<void> {
  const fromMs = steadyMs();
  await sleep(Math.random() * 5);
  torture.stays.push({ who, file, fromMs, untilMs: Math.min(steadyMs(), askedMs + TTL_MS) });
}

/** `curl` with the service's own dialect. */
export async function curl(torture: Torture, name: string): Promise<void> {
  const post = (path: string, body: object): Promise<Answer> =>
    ask(torture, async (url) => {
      const json = ['-H', 'content-type: application/json', '-d', JSON.stringify(body)];
      return JSON.parse((await run('curl', ['-s', '-m', '60', ...json, `${url}${path}`])).stdout) as Answer;
    });
  for (let round = 0; !torture.isOver(); round += 1) {
    const [file, client] = [any(torture.files), `${name}-${round}`];
    const abandons = Math.random() < 0.05;
    const wanted = { client, waitMs: 2000, ttlMs: abandons ? 1000 : TTL_MS };
    const askedMs = steadyMs();
    // Whoever gets no answer asks again, of any instance: it may hold the lock already.
    const { id, reclaimedFrom } = await post(`/v1/locks/${file}/acquire`, wanted);
    if (typeof id !== 'string') continue;
    if (reclaimedFrom !== null) torture.takeOvers += 1;
    // Whoever holds the lock for a second only stays outside.
    if (abandons) continue;
    await visit(torture, name, file, askedMs);
    await post(`/v1/locks/${file}/release`, { client, id });
  }
}

/** The functions that users of foolock have in their shell. */
export async function foolock(torture: Torture, name: string): Promise<void> {
  const bash = (client: string, call: string): Promise<Answer> =>
    ask(torture, async (url) => {
      const env = { ...process.env, FOOLOCK_SERVER: url, CLIENT: client };
      const own = 'client_id() { printf %s "$CLIENT"; }';
      const script = `. test/servers/http/foolock.sh; ${own}; ${call} || true`;
      return JSON.parse((await run('bash', ['-uc', script], { env })).stdout) as Answer;
    });
  for (let round = 0; !torture.isOver(); round += 1) {
    const [file, client] = [any(torture.files), `${name}-${round}`];
    const askedMs = steadyMs();
    const { success, message } = await bash(client, `acquire ${file} ${TTL_MS / 1000}s`);
    if (success !== true) {
      await sleep(Math.random() * 100);
      continue;
    }
    if (String(message).startsWith('acquired from')) torture.takeOvers += 1;
    await visit(torture, name, file, askedMs);
    await bash(client, `release ${file}`);
  }
}
