import * as fs from 'node:fs';
import { basename, dirname } from 'node:path';

import { fence } from '../../../src/backends/shared/plain/fence.js';
import type { Image } from '../../../src/backends/shared/plain/guarded-swap.js';
import type { Stamp } from '../../../src/backends/shared/plain/holder-folder.js';
import type { Steps } from '../../../src/util/steps.js';
import { isHolderEntry } from '../../../src/vfs/names.js';
import type { Version } from '../../../src/vfs/vfs.js';
import { ExploredFiles, throughHolder, type Algorithm, type Bench } from './algorithms.js';

/** Leaves the holder's folder, which it should remove before it judges. */
class NeverFences extends ExploredFiles {
  protected readonly folder: string;

  constructor(bench: Bench, via: string | undefined) {
    super(bench);
    this.folder = `${bench.world.staged}${via ?? 'none'}`;
  }

  override *rmdir(path: string): Steps<void> {
    if (path !== this.folder) yield* super.rmdir(path);
  }
}

/** Removes the holder's folder only after it has judged, so that a renewal can land in between. */
class FencesAfterJudging extends NeverFences {
  override *read(path: string): Steps<Image | undefined> {
    const image = yield* super.read(path);
    yield* fence(new ExploredFiles(this.bench), path, basename(this.folder).slice(basename(this.world.staged).length));
    return image;
  }
}

/** Empties the holder's folder and lets it stand. */
class OnlyEmpties extends NeverFences {
  override *rmdir(path: string): Steps<void> {
    if (path !== this.folder) yield* super.rmdir(path);
    else if (fs.existsSync(path)) {
      yield* this.inside(path, (at, names) => this.#unlinkAll(at, names));
    }
  }

  *#unlinkAll(at: string, names: readonly string[]): Steps<void> {
    for (const name of names) yield* super.unlink(`${at}/${name}`);
  }
}

/** The holder makes its lost folder again, under its old name. */
class RemakesFolder extends ExploredFiles {
  override *writeStamped(path: string, data: Uint8Array): Steps<Stamp> {
    yield* this.#remake(path);
    return yield* super.writeStamped(path, data);
  }

  override *rename(from: string, to: string): Steps<void> {
    yield* this.#remake(to);
    yield* super.rename(from, to);
  }

  *#remake(path: string): Steps<void> {
    const folder = dirname(path);
    if (isHolderEntry(basename(path)) && !fs.existsSync(folder)) yield* super.makeStage(folder);
  }
}

/** A holder that has lost its folder changes the lock file through the guard without comparing. */
class FallsBackBlindly extends ExploredFiles {
  readonly #own: Version | undefined;

  constructor(bench: Bench, via: string | undefined, from: Version | undefined) {
    super(bench);
    this.#own = via !== undefined && bench.party?.holder.id === via ? from : undefined;
  }

  override *read(path: string): Steps<Pick<Image, 'version'> | undefined> {
    const image = yield* super.read(path);
    return image && this.#own !== undefined ? { version: this.#own } : image;
  }
}

/** Removes its own record by unlink(2). */
class Unlinks extends ExploredFiles {
  override *rename(from: string, to: string): Steps<void> {
    if (isHolderEntry(basename(to))) yield* super.unlink(from);
    else yield* super.rename(from, to);
  }
}

/** Moves its own record by a link and an unlink, as the plain rename of SFTP does. */
class LinksAndUnlinks extends ExploredFiles {
  override *rename(from: string, to: string): Steps<void> {
    if (!isHolderEntry(basename(to))) {
      yield* super.rename(from, to);
      return;
    }
    yield* super.link(from, to);
    yield* super.unlink(from);
  }
}

/** A thief renames the holder's folder, and clears it away after its own act. */
class RenamesFolderAway extends NeverFences {
  #away: string | undefined;

  override *rmdir(path: string): Steps<void> {
    if (path !== this.folder || !fs.existsSync(path)) {
      yield* super.rmdir(path);
      return;
    }
    const away = `${path.slice(0, -1)}${path.endsWith('0') ? '1' : '0'}`;
    yield* super.rename(path, away);
    this.#away = away;
  }

  override *finish(): Steps<void> {
    if (this.#away === undefined) return;
    for (const name of fs.readdirSync(this.#away)) yield* super.unlink(`${this.#away}/${name}`);
    yield* super.rmdir(this.#away);
  }
}

/** Begins the next act while another one is under way, whose folder it leaves. */
class ActsTwice extends NeverFences {
  constructor(bench: Bench) {
    super(bench, bench.party?.holder.id);
  }
}

export const neverFences: Algorithm = throughHolder((bench, via) => new NeverFences(bench, via));
export const fencesAfterJudging: Algorithm = throughHolder((bench, via) => new FencesAfterJudging(bench, via));
export const onlyEmpties: Algorithm = throughHolder((bench, via) => new OnlyEmpties(bench, via));
export const remakesFolder: Algorithm = throughHolder((bench) => new RemakesFolder(bench));
export const fallsBackBlindly: Algorithm = throughHolder((...args) => new FallsBackBlindly(...args));
export const unlinks: Algorithm = throughHolder((bench) => new Unlinks(bench));
export const linksAndUnlinks: Algorithm = throughHolder((bench) => new LinksAndUnlinks(bench));
export const renamesFolderAway: Algorithm = throughHolder((bench, via) => new RenamesFolderAway(bench, via));
export const actsTwice: Algorithm = throughHolder((bench) => new ActsTwice(bench));
