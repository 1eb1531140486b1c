import { expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { bearer, OTHER, TestService, TOKENS, WRITER } from '../../support/serve/service.js';

test('foolock: the same client name with another token is another client', async () => {
  const service = new TestService({ tokens: TOKENS });
  const by = (token: string, request: string): ReturnType<TestService['json']> =>
    service.json(request, undefined, bearer(token));
  expect((await by(WRITER, 'POST /lock?client=a')).status).toBe(200);
  expect((await by(OTHER, 'POST /lock?client=a')).body).toMatchObject({ message: 'held by another client' });
  expect((await by(OTHER, 'DELETE /lock?client=a')).status).toBe(403);
  expect((await by(WRITER, 'POST /lock?client=a')).body).toMatchObject({ message: 'renewed' });
  expect((await by(WRITER, 'DELETE /lock?client=a')).status).toBe(200);
});

test('justalock: the same client id with another token is another client', async () => {
  const service = new TestService({ tokens: TOKENS });
  const ask = async (token: string): Promise<number> =>
    (await service.ask(`POST /${'A'.repeat(22)}?s=60`, 'client', bearer(token))).status;
  expect(await ask(WRITER)).toBe(200);
  expect(await ask(OTHER)).toBe(409);
  expect(await ask(WRITER)).toBe(200);
});

const UP = ['..', '../x', 'a/..', 'a/../../x', '../../secret', './x', 'a/./x', '/x', 'a//x'];
/** A URL resolves what is not escaped. */
const escaped = (name: string): string => encodeURIComponent(name);

test.each(UP)('the name %j leads nowhere, in any dialect', async (name) => {
  const vfs = memVfs();
  await vfs.write('secret', Buffer.from('x'));
  await vfs.write('inner/a/x', Buffer.from('x'));
  await vfs.write('inner/locks/x', Buffer.from('x'));
  const service = new TestService({ location: { vfs, path: 'inner/locks' } }, vfs);
  const before = await namesIn(vfs);
  const requests: readonly (readonly [string, unknown?])[] = [
    [`POST /v1/locks/${escaped(name)}/acquire`, { client: 'a' }],
    [`GET /v1/locks/${escaped(name)}`],
    [`GET /v1/locks?prefix=${escaped(name)}`],
    [`POST /lock?client=a&job=${escaped(name)}`],
    [`POST /locks/${escaped(name)}/acquire`, {}],
    [`POST /justalock/${escaped(name)}?s=60`, 'client'],
  ];
  for (const [request, body] of requests) {
    const response = await service.ask(request, body);
    // A URL resolves `..` itself, and leads to nothing that takes it then.
    expect([400, 404, 405], `${request}: ${response.status}`).toContain(response.status);
  }
  expect(await namesIn(vfs)).toEqual(before);
});

async function namesIn(vfs: TestService['vfs']): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { path } of vfs.list('', { recursive: true })) names.push(path);
  return names;
}
