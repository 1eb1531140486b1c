import { randomUUID } from 'node:crypto';

type Ask = (method: string, path: string, init?: RequestInit) => Promise<Response>;
type Trial = (ask: Ask, objects: string, name: string) => Promise<Response>;

const upload = (kind: string, objects: string, name: string, condition: string): string =>
  `/upload${objects}?uploadType=${kind}&name=${name}&${condition}`;

/** Requests that a store has to refuse: the object `name` exists, and the generation 1 was never its. */
const trials: Readonly<Record<string, Trial>> = {
  media: (ask, objects, name) => ask('POST', upload('media', objects, name, 'ifGenerationMatch=0'), { body: 'second' }),
  multipart: (ask, objects, name) => {
    const body = [
      '--b',
      'Content-Type: application/json',
      '',
      '{}',
      '--b',
      'Content-Type: text/plain',
      '',
      'x',
      '--b--',
    ];
    return ask('POST', upload('multipart', objects, name, 'ifGenerationMatch=1'), {
      body: body.join('\r\n'),
      headers: { 'content-type': 'multipart/related; boundary=b' },
    });
  },
  resumable: async (ask, objects, name) => {
    const begun = await ask('POST', upload('resumable', objects, name, 'ifGenerationMatch=1'), { body: '{}' });
    const session = begun.headers.get('location');
    return session === null ? begun : ask('PUT', session, { body: 'x', headers: { 'content-range': 'bytes 0-0/1' } });
  },
  delete: (ask, objects, name) => ask('DELETE', `${objects}/${name}?ifGenerationMatch=1`),
  copy: (ask, objects, name) =>
    ask('POST', `${objects}/${name}/rewriteTo${objects.replace('/storage/v1', '')}/${name}?ifGenerationMatch=0`),
};

/** Which kinds of request a server refuses when their condition is not met, found out by trying. */
export async function kept(endpoint: string, bucket: string): Promise<readonly string[]> {
  const ask: Ask = (method, path, init) => fetch(path.startsWith('/') ? endpoint + path : path, { method, ...init });
  const objects = `/storage/v1/b/${bucket}/o`;
  const found: string[] = [];
  for (const [kind, trial] of Object.entries(trials)) {
    const name = `trial-${randomUUID()}`;
    await ask('POST', upload('media', objects, name, ''), { body: 'first' });
    const { status } = await trial(ask, objects, name);
    const now = await (await ask('GET', `${objects}/${name}?alt=media`)).text();
    if (status === 412 && now === 'first') found.push(kind);
    await ask('DELETE', `${objects}/${name}`);
  }
  return found;
}
