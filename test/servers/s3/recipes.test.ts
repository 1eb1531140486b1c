import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { VfsFile } from '../../../src/vfs/file.js';
import { recipeOf, type Recipe } from '../../support/recipes.js';
import { ceph, missing, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(ceph);

describe.skipIf(lacking !== undefined)(
  `the recipes for S3, as their pages have them${lacking ? `: ${lacking}` : ''}`,
  () => {
    let server: S3Server;
    let recipe: Recipe | undefined;
    beforeAll(async () => {
      server = await useServer(ceph);
    });
    afterAll(async () => {
      await recipe?.remove();
      await server.dispose();
    });

    function environment(): Record<string, string> {
      const { accessKeyId, secretAccessKey } = server.credentials;
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
      return { AWS_ENDPOINT_URL: server.endpoint, AWS_REGION: 'us-east-1', ...keys };
    }

    function file(path: string): VfsFile {
      return new VfsFile(s3Vfs({ bucket: server.bucket, client: server.client() }), path);
    }

    async function pathsIn(folder: string): Promise<readonly string[]> {
      const paths: string[] = [];
      for await (const { path } of file('any').vfs.list(folder)) paths.push(path);
      return paths.sort();
    }

    it('s3-worker.md: two workers ingest each file once, and a bad one goes to failed/', async () => {
      recipe = await recipeOf('s3-worker.md');
      const names = Array.from({ length: 5 }, (_, index) => `${String(index)}.csv`);
      for (const name of names) await file(`incoming/${name}`).write('a,b\n1,2\n');
      const env = { ...environment(), INBOX: `s3://${server.bucket}/incoming` };
      const workers = await Promise.all([recipe.run(env), recipe.run(env)]);
      expect(workers.flat().sort()).toEqual(names.map((name) => `${name} 2`));
      expect(await pathsIn('incoming/archive')).toEqual(names.map((name) => `incoming/archive/${name}`));
      expect(await file('incoming/results/0.csv.json').readText()).toBe('{"lines":2}');
      await file('incoming/bad.csv').write('');
      await expect(recipe.run(env)).rejects.toThrow('bad.csv Error: the file has no lines');
      expect(await pathsIn('incoming/failed')).toContain('incoming/failed/bad.csv');
      await recipe.remove();
    });

    it('lambda.md: one event that is delivered twice is worked on once', async () => {
      recipe = await recipeOf('lambda.md');
      await file('uploads/of today.csv').write('a,b\n1,2\n');
      const object = { bucket: { name: server.bucket }, object: { key: 'uploads/of+today.csv' } };
      const program = `
      import { handler } from './recipe.mjs';
      const event = ${JSON.stringify({ Records: [{ s3: object }] })};
      const context = { getRemainingTimeInMillis: () => 600_000 };
      await Promise.all([handler(event, context), handler(event, context)]);
      console.log('both done');`;
      expect(await recipe.run(environment(), program)).toEqual(['both done']);
      expect(await file('uploads/results/of today.csv.json').readText()).toBe('{"lines":2}');
      const done = await file('uploads/results/of today.csv.json').stat();
      expect(await recipe.run(environment(), program)).toEqual(['both done']);
      expect(await file('uploads/results/of today.csv.json').stat()).toEqual(done);
    });
  },
);
