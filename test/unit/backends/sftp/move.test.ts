import { describe, expect, test } from 'vitest';

import { RefusedError } from '../../../../src/backends/sftp/errors.js';
import { SftpMover, type SftpMove } from '../../../../src/backends/sftp/move.js';
import type { SftpFiles } from '../../../../src/backends/sftp/files.js';
import type { SftpSession } from '../../../../src/backends/sftp/connection/session.js';

interface File {
  readonly size: number;
  readonly mtime: number;
  readonly mode: number;
}

/** The files of a server, and what a producer does before a request reaches them. */
class Server {
  readonly files = new Map<string, File>();
  readonly #meanwhile: (call: string, files: Map<string, File>) => void;

  constructor(meanwhile: (call: string, files: Map<string, File>) => void) {
    this.#meanwhile = meanwhile;
  }

  stat(path: string): Promise<File> {
    return this.lstat(path);
  }

  lstat(path: string): Promise<File> {
    return this.#do('lstat', () => this.#get(path));
  }

  link(from: string, to: string): Promise<void> {
    return this.#do('link', () => {
      if (this.files.has(to)) throw new RefusedError('EIO', 'Failure');
      this.files.set(to, this.#get(from));
    });
  }

  posixRename(from: string, to: string): Promise<void> {
    return this.#do('rename', () => {
      this.files.set(to, this.#get(from));
      this.files.delete(from);
    });
  }

  unlink(path: string): Promise<void> {
    return this.#do('unlink', () => void (this.#get(path), this.files.delete(path)));
  }

  #get(path: string): File {
    const file = this.files.get(path);
    if (file) return file;
    throw new RefusedError('ENOENT', 'No such file');
  }

  #do<T>(call: string, work: () => T): Promise<T> {
    this.#meanwhile(call, this.files);
    return Promise.resolve().then(work);
  }
}

const fileOf = (size: number, mtime = 1): File => ({ size, mtime, mode: 0o100644 });
const OLD = fileOf(1);
const NEW = fileOf(2, 2);
const abilities = { hardLinks: true, posixRename: true, symlinks: true, holders: false, uid: undefined };

const UNUSED = Object.create(null) as SftpFiles;

async function moved(
  meanwhile: (call: string, files: Map<string, File>) => void,
  ifUnchanged?: SftpMove['ifUnchanged'],
): Promise<{ readonly error: unknown; readonly files: Record<string, File> }> {
  const server = new Server(meanwhile);
  server.files.set('/in/a', OLD);
  const ends = { from: '/in/a', to: '/done/a', shownFrom: 'sftp://h/in/a', shownTo: 'sftp://h/done/a' };
  const mover = new SftpMover(server as unknown as SftpSession, abilities, UNUSED, { ...ends, ifUnchanged });
  const error: unknown = await mover.move().catch((failure: unknown) => failure);
  return { error, files: Object.fromEntries(server.files) };
}

describe('a move on a server', () => {
  test('moves the file, and leaves no private name', async () => {
    expect(await moved(() => undefined)).toEqual({ error: undefined, files: { '/done/a': OLD } });
  });

  test('A5: leaves a file alone that a producer puts in the place of the moved one', async () => {
    let done = false;
    const { error, files } = await moved((call, all) => {
      if (call === 'rename' && !done) all.set('/in/a', NEW);
      done ||= call === 'rename';
    });
    expect(error).toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(String(error)).toMatch('sftp://h/in/a to sftp://h/done/a');
    expect(files).toEqual({ '/in/a': NEW });
  });

  test('A5: keeps that file beside where a third one has taken the name', async () => {
    let links = 0;
    const { error, files } = await moved((call, all) => {
      if (call === 'rename') all.set('/in/a', NEW);
      if (call === 'link' && (links += 1) === 2) all.set('/in/a', fileOf(3));
    });
    const [kept] = Object.keys(files).filter((name) => /^\/in\/a-[0-9a-f]{8}$/.test(name));
    expect(files).toEqual({ '/in/a': fileOf(3), [kept!]: NEW });
    expect(String(error)).toContain(kept!.slice('/in/'.length));
  });

  test('B10: is refused before anything is done where the file is not the one that was seen', async () => {
    const { error, files } = await moved(() => undefined, { size: 1, modifiedMs: 7000 });
    expect(error).toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(files).toEqual({ '/in/a': OLD });
    expect((await moved(() => undefined, { size: 1, modifiedMs: 1000 })).error).toBeUndefined();
  });

  test('B10: is refused where the file changes after it was compared', async () => {
    const { error, files } = await moved(
      (call, all) => {
        if (call === 'link' && !all.has('/done/a')) all.set('/in/a', NEW);
      },
      { size: 1, modifiedMs: 1000 },
    );
    expect(error).toMatchObject({ code: 'ERR_VFS_CHANGED' });
    expect(files).toEqual({ '/in/a': NEW });
  });
});
