import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { recipeOf } from '../../support/recipes.js';
import { missing, openSsh } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(openSsh);

it.skipIf(lacking !== undefined)(
  `sftp-inbox.md, as the page has it: two workers fetch each file once${lacking ? `: ${lacking}` : ''}`,
  async () => {
    const server = await useServer(openSsh);
    const recipe = await recipeOf('sftp-inbox.md');
    try {
      const inbox = join(server.folder, 'inbox');
      mkdirSync(inbox);
      const names = Array.from({ length: 5 }, (_, index) => `${String(index)}.csv`);
      for (const name of names) writeFileSync(join(inbox, name), 'a,b\n1,2\n');
      const { host, username, knownHosts } = server.options;
      const env = {
        ...{ SFTP_HOST: String(host), SFTP_PORT: String(server.port), SFTP_USER: String(username), SFTP_ROOT: inbox },
        ...{ SFTP_KEY: server.keys.userKeyFile, SFTP_KNOWN_HOSTS: String(knownHosts) },
      };
      const workers = await Promise.all([recipe.run(env), recipe.run(env)]);
      expect(workers.flat().sort()).toEqual(names.map((name) => `${name} 2`));
      expect(readdirSync(inbox)).toEqual(['archive']);
      expect(readdirSync(join(inbox, 'archive')).sort()).toEqual(names);
    } finally {
      await recipe.remove();
      await server.dispose();
    }
  },
);
