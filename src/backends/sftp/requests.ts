import { ask, type Steps } from '../../util/steps.js';
import type { SftpSession } from './connection/session.js';
import { explained } from './space.js';

/**
 * The requests of one operation. To a server that keeps their order they go out without waiting for each other's answers,
 * so that a request is also carried out when one before it has failed; elsewhere each waits for the one before.
 */
export class SftpRequests {
  readonly session: SftpSession;
  readonly #folder: string;
  #posted: Promise<unknown>[] = [];

  /** `folder` is where a full disk would refuse them. */
  constructor(session: SftpSession, folder: string) {
    this.session = session;
    this.#folder = folder;
  }

  /** Sends a request. Whoever needs its answer awaits it later. */
  *send<T>(request: Promise<T>): Steps<Promise<T>> {
    request.catch(() => undefined);
    if (!this.session.ordered) yield* ask(Promise.allSettled([request]));
    return request;
  }

  /** Sends a request that has to succeed by the next `settle`. */
  *post<T>(request: Promise<T>): Steps<Promise<T>> {
    this.#posted.push(request);
    return yield* this.send(request);
  }

  /** Sends a request that may fail. */
  *attempt(request: Promise<unknown>): Steps<void> {
    void (yield* this.send(request));
  }

  /** Sends a request that has to succeed by the next `settle`, without returning its answer. */
  *require(request: Promise<unknown>): Steps<void> {
    void (yield* this.post(request));
  }

  /**
   * Waits for the answers to all posted requests, and fails as the first that failed. Why it did is found out before anything is
   * cleared up, which could make room on a full disk.
   */
  *settle(): Steps<void> {
    const posted = this.#posted;
    this.#posted = [];
    const outcomes = yield* ask(Promise.allSettled(posted));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw yield* ask(explained(this.session, this.#folder, failed.reason));
  }
}
