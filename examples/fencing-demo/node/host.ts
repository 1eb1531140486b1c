/** What a machine gives the copy of the library that runs on it. */
export interface Host {
  readonly hostname: string;
  readonly pid: number;
  readonly setTimeout: (work: () => void, ms: number) => HostTimer;
  readonly clearTimeout: (timer: HostTimer | undefined) => void;
}

/** A timer as Node has them, which here keeps nothing alive. */
export interface HostTimer {
  readonly ref: () => HostTimer;
  readonly unref: () => HostTimer;
}

declare global {
  /** The machine of this copy: a parameter of the function that the bundle is. */
  const host: Host;
}
