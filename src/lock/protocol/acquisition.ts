/** The acquisitions of this process that are under way. */
export const acquisitions = new Set<Acquisition>();

/** An acquisition that is under way: it can be cancelled, and whoever cancels it learns when it has ended. */
export class Acquisition {
  #cancelledBy: Error | undefined;
  #onCancel: ((reason: Error) => void) | undefined;
  /** Made only when somebody cancels, which is rare. */
  #ended: Promise<void> | undefined;
  #resolveEnded: (() => void) | undefined;

  constructor() {
    acquisitions.add(this);
  }

  /** Why it was cancelled. Undefined: it was not. */
  get cancelledBy(): Error | undefined {
    return this.#cancelledBy;
  }

  /** Sets what ends the wait early. Without it the acquisition runs to its end, and its lock is released then. */
  onCancel(end: (reason: Error) => void): void {
    this.#onCancel = end;
    if (this.#cancelledBy) end(this.#cancelledBy);
  }

  /** Resolves when the acquisition has ended. */
  cancel(reason: Error): Promise<void> {
    this.#ended ??= new Promise((resolve) => (this.#resolveEnded = resolve));
    if (this.#cancelledBy === undefined) {
      this.#cancelledBy = reason;
      this.#onCancel?.(reason);
    }
    return this.#ended;
  }

  end(): void {
    acquisitions.delete(this);
    this.#resolveEnded?.();
  }
}
