/** The summary of one column of a CSV file. */
export interface ColumnSummary {
  readonly name: string;
  /** How many values are decimal numbers. The next three members are about those, and null if there are none. */
  readonly numbers: number;
  readonly total: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The CRC-32 of all values so far, in UTF-8 and each followed by a line feed. */
  readonly checksum: number;
}

/** The summary of a CSV file, or of some of its rows. */
export interface FileSummary {
  readonly rows: number;
  readonly columns: readonly ColumnSummary[];
}
