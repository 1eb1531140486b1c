import type { Instant } from '../../util/instant.js';

/** The command, and when its lock ends. */
export interface Job {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** SIGKILL follows SIGTERM after so long, in milliseconds. */
  readonly killAfterMs: number;
  /** SIGKILL comes so long before the deadline at the latest, in milliseconds. */
  readonly marginMs: number;
  readonly deadline: Instant | undefined;
}

/** What the guardian is told. */
export type Order =
  | { readonly order: 'start'; readonly job: Job }
  | { readonly order: 'extend'; readonly deadline: Instant | undefined }
  | { readonly order: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly order: 'end' };

/** Why the guardian ended the group: on demand, because the lock's end was near, or because the command left it behind. */
export type EndReason = 'demand' | 'deadline' | 'leftover';

/** How the command ended, told when nothing of its group is left. */
export interface Ended {
  readonly report: 'ended';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly reason: EndReason | undefined;
}

/** What the guardian tells. */
export type Report =
  { readonly report: 'started'; readonly pgid: number } | { readonly report: 'refused'; readonly code: string } | Ended;
