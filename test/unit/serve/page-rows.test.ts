import { expect, test } from 'vitest';

import { TestService } from '../../support/serve/service.js';

test("the page shows what is another program's without times of a lock, also to a browser that runs no script", async () => {
  const service = new TestService();
  await service.vfs.write('yarn.lock', Buffer.from('# yarn lockfile v1\n'));
  expect((await service.json('POST /v1/locks/a.csv/acquire', { client: 'c' })).status).toBe(200);
  const [status, html] = await service.text('GET /');
  expect(status).toBe(200);
  const [ours = '', theirs = ''] = ['a.csv', 'yarn'].map(
    (name) =>
      /<tr>(?:(?!<\/tr>).)*<\/tr>/gs.exec(html.slice(html.lastIndexOf('<tr>', html.indexOf(`<span>${name}`))))?.[0],
  );
  expect(theirs).toContain('yarn.lock is a file of another program');
  expect(theirs).toMatch(/"held for"><\/td>.*"last renewal"><\/td>.*"lease"><\/td>/);
  expect(ours).toMatch(/"held for">\d.*"last renewal">never.*"lease">\S/);
});
