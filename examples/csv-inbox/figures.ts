/** What is known of one column of a CSV file. */
export interface ColumnFigures {
  readonly name: string;
  /** How many values are decimal numbers; the next three are about those, and null when there are none. */
  readonly numbers: number;
  readonly total: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The CRC-32 of all values so far in UTF-8, each followed by a line feed. */
  readonly checksum: number;
}

/** What is known of a CSV file, or of some of its rows. */
export interface FileFigures {
  readonly rows: number;
  readonly columns: readonly ColumnFigures[];
}
