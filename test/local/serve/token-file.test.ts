import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { lockService, tokenFile } from '../../../src/serve/index.js';
import { hashOf } from '../../../src/serve/tokens.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-tokens-'));
  path = join(folder, 'tokens');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function rotate(token: string, change: (text: string) => string): Promise<Response> {
  const tokens = await tokenFile(path);
  const service = lockService({ location: folder, tokens });
  // Whoever asks is known by the tokens that were read last.
  const read = tokens.read.bind(tokens);
  tokens.read = async () => {
    const found = await read();
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return found;
  };
  const headers = { authorization: `Bearer ${token}` };
  return service(new Request('http://localhost/auth/token/rotate', { method: 'POST', headers }));
}

test('a token is rotated in its own line, even if its name looks like a hash; comments and other lines stay', async () => {
  const name = 'a'.repeat(64);
  const lines = ['# people', `ann read ${hashOf('ann')}`, '', `${name} write ${hashOf('old')}  `, ''];
  writeFileSync(path, lines.join('\n'));
  const response = await rotate('old', (text) => text);
  const { token } = (await response.json()) as { readonly token: string };
  lines[3] = `${name} write ${hashOf(token)}  `;
  expect(readFileSync(path, 'utf8')).toBe(lines.join('\n'));
});

test.each([
  ['the token has been taken away', () => `ann read ${hashOf('ann')}\n`],
  ['the file has a mistake', (text: string) => `${text}no token\n`],
])('no token is given out that is not valid: %s meanwhile', async (_, change) => {
  writeFileSync(path, `me write ${hashOf('old')}\n`);
  const response = await rotate('old', change);
  expect([response.status, await response.json()]).toMatchObject([500, { error: 'the token cannot be changed' }]);
  expect(readFileSync(path, 'utf8')).toBe(change(`me write ${hashOf('old')}\n`));
});
