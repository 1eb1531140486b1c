import type { Instant } from '../../util/instant.js';

/** What to run, and until when. */
export interface Job {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The time between SIGTERM and SIGKILL, in milliseconds. */
  readonly killAfterMs: number;
  /** The least time between SIGKILL and the deadline, in milliseconds. */
  readonly marginMs: number;
  readonly deadline: Instant | undefined;
}

/** A message to the guardian. */
export type Order =
  | { readonly order: 'start'; readonly job: Job }
  | { readonly order: 'extend'; readonly deadline: Instant | undefined }
  | { readonly order: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly order: 'end' };

/** Why the guardian ended the group: on demand, because the deadline was near, or because the command had ended and left processes behind. */
export type EndReason = 'demand' | 'deadline' | 'leftover';

/** How the command ended. Sent when no process of its group is left. */
export interface Ended {
  readonly report: 'ended';
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly reason: EndReason | undefined;
}

/** A message from the guardian. */
export type Report =
  { readonly report: 'started'; readonly pgid: number } | { readonly report: 'refused'; readonly code: string } | Ended;
