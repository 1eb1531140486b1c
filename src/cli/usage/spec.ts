interface Described {
  /** A one-letter form, such as `q` for `-q`. */
  readonly short?: string;
  readonly help: string;
}

/** An option without a value, `true` when it is given. */
export interface FlagSpec extends Described {
  readonly kind: 'flag';
}

/** An option with a value. */
export interface ValueSpec extends Described {
  readonly kind: 'duration' | 'count' | 'exit-code' | 'json' | 'text' | 'choice';
  /** Stands for the value in the help. */
  readonly value: string;
  /** The value when neither the option nor its variable is set. */
  readonly default?: string;
  /** The environment variable that stands in for the option. */
  readonly env?: string;
  readonly required?: true;
  /** All that the value may be, if that is a fixed set. */
  readonly choices?: readonly string[];
  /** Durations only: the smallest one, and whether `0` and `never` are allowed. */
  readonly min?: string;
  readonly zero?: true;
  readonly infinity?: true;
}

export type OptionSpec = FlagSpec | ValueSpec;

/** One command. The reader of arguments, the help and the completion scripts all follow this table. */
export interface CommandSpec {
  readonly usage: string;
  readonly summary: string;
  /** What the operand names. `files` and `locations`: any number of them. */
  readonly operand: 'file' | 'files' | 'location' | 'locations' | 'shell';
  /** The operand when none is given. */
  readonly operandDefault?: string;
  /** All that the operand may be, if that is a fixed set. */
  readonly choices?: readonly string[];
  /** Whether `-- COMMAND [ARGS...]` follows. */
  readonly takesCommand?: true;
  readonly options: Readonly<Record<string, OptionSpec>>;
}
