import { describe, expect, it } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { VfsFile } from '../../../src/vfs/file.js';

const file = (): VfsFile => new VfsFile(memVfs(), 'data.csv');

describe('a file', () => {
  it('U14: is read as bytes, and as text without a byte order mark', async () => {
    const read = file();
    await read.write('\ufeffid,name\n');
    const { data } = await read.read();
    expect(Buffer.from(data).toString()).toBe('\ufeffid,name\n');
    expect(await read.readText()).toBe('id,name\n');
    expect((await read.tryRead())?.version).toBe((await read.read()).version);
  });

  it('U14: that does not exist is an error with a code, and undefined for tryRead', async () => {
    const absent = file();
    const error = { code: 'ERR_VFS_NOT_FOUND', message: `cannot read ${String(absent)}: there is no such file` };
    await expect(absent.read()).rejects.toMatchObject(error);
    await expect(absent.readText()).rejects.toMatchObject(error);
    expect(await absent.tryRead()).toBeUndefined();
  });

  it('U14: that is not UTF-8 is no text', async () => {
    const read = file();
    await read.write(Uint8Array.of(0xff, 0xfe));
    await expect(read.readText()).rejects.toMatchObject({ code: 'ERR_VFS_IO', message: /as text: it is not UTF-8$/ });
  });
});
