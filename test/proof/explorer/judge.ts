import { labelOf, type Content } from './content.js';

type State = Content | undefined;

/** One conditional change, or one reading, from its first system call to its last. */
export interface Call {
  readonly actor: string;
  /** A reading neither expects nor writes anything. */
  readonly wanted: { readonly from: State; readonly to: State } | 'reading';
  /** What the lock file was while the call ran; empty before its first step. */
  readonly states: Set<State>;
  changes: number;
  outcome: string;
}

/**
 * The model that judges everything: a lock file is one register that changes by compare-and-swap only. The explorer looks at
 * the real file after each step that may have changed it, so the model need not search for an order of the calls that explains
 * their answers: each change has its instant and its author, and either that author had asked for exactly this change
 * or it is a violation. A killed actor may or may not have made its change, but by the same rules at most once.
 */
export class Judge {
  readonly violations: string[] = [];
  readonly #history: State[];
  readonly #calls: Call[] = [];
  readonly #open = new Set<Call>();

  constructor(initial: State) {
    this.#history = [initial];
  }

  get state(): State {
    return this.#history.at(-1);
  }

  announce(actor: string, wanted: Call['wanted']): Call {
    const call: Call = { actor, wanted, states: new Set(), changes: 0, outcome: 'unanswered' };
    this.#calls.push(call);
    return call;
  }

  /** Before a call's first step. */
  start(call: Call): void {
    call.states.add(this.state);
    this.#open.add(call);
  }

  /** After each step that may have changed something: what the file is now, and who made that step for which call. */
  observe(found: State | 'torn', actor: string, call: Call | undefined): void {
    if (found === this.state) return;
    if (found === 'torn') {
      this.#violation(`${actor} left something at the lock path that nobody wrote whole`);
      return;
    }
    const change = `${labelOf(this.state)} -> ${labelOf(found)}`;
    const wanted = call?.wanted;
    if (wanted === undefined || wanted === 'reading' || wanted.from !== this.state || wanted.to !== found) {
      this.#violation(`${actor} made the change ${change}, wanted was ${describe(wanted)}`);
    }
    if (call !== undefined && (call.changes += 1) > 1) this.#violation(`${actor} acted twice, lastly ${change}`);
    this.#history.push(found);
    for (const open of this.#open) open.states.add(found);
  }

  /** A conditional change has answered. */
  answer(call: Call, won: boolean): void {
    this.#close(call, won ? 'won' : 'lost');
    const { actor, wanted, changes, states } = call;
    if (wanted === 'reading') return;
    if (won && changes === 0) this.#violation(`${actor} says it made the change ${describe(wanted)} and did not`);
    if (!won && changes > 0) this.#violation(`${actor} made the change ${describe(wanted)} and says it did not`);
    if (!won && states.size === 1 && states.has(wanted.from)) {
      this.#violation(`${actor} lost ${describe(wanted)} though the file was as expected all the time`);
    }
  }

  /** A reading has answered. */
  show(call: Call, found: State | 'torn'): void {
    this.#close(call, found === 'torn' ? 'torn' : labelOf(found));
    if (found === 'torn') this.#violation(`${call.actor} read what nobody wrote whole`);
    else if (!call.states.has(found)) this.#violation(`${call.actor} read ${labelOf(found)}, which was not there then`);
  }

  /** A call ended in an exception, which no schedule of this explorer gives a reason for. */
  failed(actor: string, call: Call | undefined, error: unknown): void {
    if (call !== undefined) this.#close(call, 'threw');
    this.#violation(`${actor} threw ${error instanceof Error ? error.message : String(error)}`);
  }

  /** The actor that made the call is dead. */
  abandon(call: Call): void {
    this.#close(call, 'killed');
  }

  complain(about: string): void {
    this.#violation(about);
  }

  /** What became of the file and of each call, in words that are equal for equal outcomes. */
  get story(): string {
    const calls = this.#calls.map(({ actor, wanted, outcome }) => `${actor} ${describe(wanted)}: ${outcome}`);
    return `${this.#history.map(labelOf).join(' > ')} | ${calls.sort().join(', ')}`;
  }

  /** All that its further judgements depend on, and the story so far. */
  get memory(): string {
    const seen = [...this.#open].map(({ actor, states }) => `${actor} ${[...states].map(labelOf).sort().join(' ')}`);
    return [this.story, ...seen.sort(), ...this.violations].join('\n');
  }

  #close(call: Call, outcome: string): void {
    call.outcome = outcome;
    this.#open.delete(call);
  }

  #violation(text: string): void {
    this.violations.push(text);
  }
}

function describe(wanted: Call['wanted'] | undefined): string {
  if (wanted === undefined) return 'nothing';
  return wanted === 'reading' ? wanted : `${labelOf(wanted.from)} -> ${labelOf(wanted.to)}`;
}
