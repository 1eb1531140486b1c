import * as fs from 'node:fs';
import { basename } from 'node:path';

import type { Image } from '../../../src/backends/shared/plain/guarded-swap.js';
import { ask, type Steps } from '../../../src/util/steps.js';
import type { Version } from '../../../src/vfs/vfs.js';
import { fence } from '../../../src/backends/shared/plain/fence.js';
import { ExploredFiles, makeLinkDoor, shippedOver, throughHolder, type Algorithm, type Bench } from './algorithms.js';
import { Operation } from './operation.js';

/** The shipped swap with one of its steps spoilt from below. */
class MutantFiles extends ExploredFiles {
  #entry = '';

  /** Its own latest entry. It distinguishes the actor's own acts from evictions. */
  protected get entry(): string {
    return this.#entry;
  }

  override *makeStage(stage: string): Steps<string | undefined> {
    this.#entry = stage.slice(this.world.staged.length);
    return yield* super.makeStage(stage);
  }

  protected isInside(path: string): boolean {
    return path.startsWith(`${this.world.guard}/`);
  }

  protected isRivals(path: string): boolean {
    return this.isInside(path) && !basename(path).startsWith(this.entry);
  }
}

class SkipsJudgement extends MutantFiles {
  readonly #expected: Version | undefined;

  constructor(bench: Bench, expected: Version | undefined) {
    super(bench);
    this.#expected = expected;
  }

  // eslint-disable-next-line require-yield -- it reads nothing, which is the point
  override *read(): Steps<Image | undefined> {
    return this.#expected && { version: this.#expected };
  }
}

class BelievesLateActs extends MutantFiles {
  override *rename(from: string, to: string): Steps<void> {
    try {
      yield* super.rename(from, to);
    } catch (error) {
      const late =
        (this.isInside(from) || this.isInside(to)) && (error as { readonly code?: string }).code === 'ENOENT';
      if (!late) throw error;
    }
  }
}

class EvictsNothing extends MutantFiles {
  override *unlink(path: string): Steps<void> {
    if (!this.isRivals(path)) yield* super.unlink(path);
  }
}

/** Keeps the bytes where no eviction reaches them. */
class StagesOutside extends MutantFiles {
  override *write(path: string, data: Uint8Array): Steps<void> {
    if (basename(path) === this.entry) yield* super.write(this.#outside, data);
    yield* super.write(path, data);
  }

  override *rename(from: string, to: string): Steps<void> {
    yield* super.rename(to === this.world.lock ? this.#outside : from, to);
  }

  override *unlink(path: string): Steps<void> {
    if (basename(path) === this.entry && fs.existsSync(this.#outside)) yield* super.unlink(this.#outside);
    yield* super.unlink(path);
  }

  get #outside(): string {
    return `${this.world.staged}${this.entry}-bytes`;
  }
}

/** Puts a rival out by moving the whole guard away, to be cleared by and by. */
class MovesGuardAway extends MutantFiles {
  override *unlink(path: string): Steps<void> {
    if (this.isRivals(path)) yield* super.rename(this.world.guard, `${this.world.staged}${basename(path)}-away`);
    else yield* super.unlink(path);
  }
}

/** Moves into the guard that it has emptied, in one step, and not over it. */
class ReusesGuard extends MutantFiles {
  /** A folder as door would keep it sound: an eviction removes that. */
  override makeDoor(path: string): Steps<'link'> {
    return makeLinkDoor(path);
  }

  override *rename(from: string, to: string): Steps<void> {
    const { guard } = this.world;
    if (to === guard && fs.existsSync(guard)) yield* ask(new Operation('rename', [from, to], () => this.#join(from)));
    else yield* super.rename(from, to);
  }

  #join(stage: string): void {
    const { guard } = this.world;
    if (!fs.existsSync(guard)) {
      fs.renameSync(stage, guard);
      return;
    }
    if (fs.readdirSync(guard).length > 0) throw Object.assign(new Error('taken'), { code: 'ENOTEMPTY' });
    fs.renameSync(`${stage}/${this.entry}`, `${guard}/${this.entry}`);
    fs.rmdirSync(stage);
  }
}

export const skipsJudgement: Algorithm = shippedOver((bench, expected) => new SkipsJudgement(bench, expected));
export const believesLateActs: Algorithm = shippedOver((bench) => new BelievesLateActs(bench));
export const evictsNothing: Algorithm = shippedOver((bench) => new EvictsNothing(bench));
export const stagesOutside: Algorithm = shippedOver((bench) => new StagesOutside(bench));
export const movesGuardAway: Algorithm = shippedOver((bench) => new MovesGuardAway(bench));
export const reusesGuard: Algorithm = shippedOver((bench) => new ReusesGuard(bench));

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

export const neverFences: Algorithm = throughHolder((bench, via) => new NeverFences(bench, via));
export const fencesAfterJudging: Algorithm = throughHolder((bench, via) => new FencesAfterJudging(bench, via));
export const onlyEmpties: Algorithm = throughHolder((bench, via) => new OnlyEmpties(bench, via));
