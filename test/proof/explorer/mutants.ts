import * as fs from 'node:fs';
import { basename } from 'node:path';

import type { Image } from '../../../src/backends/shared/plain/guarded-swap.js';
import { ask, type Steps } from '../../../src/util/steps.js';
import { entryName } from '../../../src/vfs/names.js';
import type { Version } from '../../../src/vfs/vfs.js';
import { ExploredFiles, makeLinkDoor, shippedOver, type Algorithm, type Bench } from './algorithms.js';
import { Operation } from './operation.js';

/** The shipped swap with one of its steps spoilt from below. */
class MutantFiles extends ExploredFiles {
  #entry = '';

  /** Its own latest entry. It distinguishes the actor's own acts from evictions. */
  protected get entry(): string {
    return this.#entry;
  }

  override *makeStage(stage: string): Steps<string | undefined> {
    this.#entry = entryName(stage.slice(this.world.staged.length));
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
