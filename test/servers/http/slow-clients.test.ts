import { once } from 'node:events';
import { connect } from 'node:net';

import { expect, test } from 'vitest';

import { cli, eventually, useFolder } from '../../support/cli/harness.js';
import { bearer, READER, TestService, TOKENS } from '../../support/serve/service.js';
import { listening } from '../../support/serve/listening.js';

const folder = useFolder();

/** Sends a text and nothing more. Resolves with what comes back, as soon as the connection is closed. */
async function send(port: number, text: string): Promise<string> {
  let answer = '';
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (data) => (answer += String(data))).on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('a body that does not arrive is given up, and headers that do not end', async () => {
  const running = cli(['serve', folder(), '--listen', '127.0.0.1:0']);
  await eventually(() => expect(running.stdout()).toMatch(/:\d+\/\n/));
  const port = Number(/:(\d+)\/\n/.exec(running.stdout())?.[1]);
  const type = 'Content-Type: application/json\r\nContent-Length: 100';
  const post = `POST /v1/locks/a/acquire HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${type}\r\n\r\n{"client"`;
  const [body, headers] = await Promise.all([send(port, post), send(port, 'POST /lock HTTP/1.1\r\nHost: lo')]);
  expect(body).toMatch(/^HTTP\/1\.1 408 [^]*"timeout"/);
  expect(headers).toMatch(/^(HTTP\/1\.1 408 [^]*)?$/);
  running.child.kill('SIGTERM');
  expect((await running.outcome).code).toBe(0);
});

test('a stream of events ends when its token is taken away', async () => {
  let tokens: readonly (typeof TOKENS)[number][] = TOKENS;
  const web = await listening(new TestService({ tokens: { read: () => Promise.resolve(tokens) } }).service);
  const { body } = await fetch(`${web.url}/v1/events`, bearer(READER));
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader.read()).value).toContain('retry');
  tokens = TOKENS.filter(({ name }) => name !== 'reader');
  let read = '';
  for (let next = await reader.read(); !next.done; next = await reader.read()) read += next.value;
  expect(read).not.toContain(':\n\n');
  expect((await fetch(`${web.url}/v1/events`, bearer(READER))).status).toBe(401);
  await web.stop();
});
