import { spawnSync } from 'node:child_process';

import { describe, expect, it } from 'vitest';

import { called, calledShared, useFolder } from '../../support/cli/harness.js';
import { putLock } from '../../support/cli/locks.js';
import { SilentListener } from '../../support/silent-listener.js';
import { completionSuite } from '../../support/suites/completion.js';

const folder = useFolder();

// `test/servers/consumers` has the shells that have to be installed.
completionSuite('bash', spawnSync('bash', ['--version']).error && 'needs bash');

describe('what the scripts ask for ids', () => {
  it('puts the words of bash together again', async () => {
    putLock(folder(), 'a b');
    const words = ['unlock', 'file', ':', `//${folder()}/a%20b`, '--expect', ''];
    expect(await called(['complete-ids', 'bash', ...words])).toMatchObject({ code: 0, stdout: 'id-of-theirs\n' });
    const quoted = ['unlock', '--lock-file', '=', `"${folder()}/a b.lock"`, `'${folder()}/other'`, '--expect', ''];
    expect(await calledShared(['complete-ids', 'bash', ...quoted])).toMatchObject({
      code: 0,
      stdout: 'id-of-theirs\n',
    });
    expect(await calledShared(['complete-ids', 'bash', 'nonsense'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('does not wait for a store that is silent', async () => {
    const listener = await SilentListener.open();
    try {
      const env = {
        // The SDK warns of versions of Node that it will not support.
        NODE_NO_WARNINGS: '1',
        AWS_ENDPOINT_URL: `http://127.0.0.1:${listener.port}`,
        ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
      };
      const outcome = await called(['complete-ids', 'zsh', 'unlock', 's3://bucket/a', '--expect', ''], { env });
      expect(outcome).toMatchObject({ signal: 'SIGKILL', stdout: '', stderr: '' });
    } finally {
      listener.close();
    }
  });
});
