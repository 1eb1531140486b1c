/** What is known of one column after all of its values were read. */
export interface ColumnFigures {
  readonly name: string;
  /** How many values are decimal numbers; the next three are about those, and null when there are none. */
  readonly numbers: number;
  readonly total: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** The CRC-32 of all values in UTF-8, each followed by a line feed. */
  readonly checksum: number;
}

/** What is known of one CSV file after its header and all of its rows were read. */
export interface FileFigures {
  readonly rows: number;
  readonly columns: readonly ColumnFigures[];
}
