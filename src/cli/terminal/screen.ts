import { isatty, type WriteStream } from 'node:tty';
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** Clears the line of the cursor, to write it again. */
export const CLEAR_LINE = '\r\u{1b}[2K';

const USUAL_COLUMNS = 80;

/** The terminal that a standard stream writes to. Undefined: a file or pipe, or a terminal that cannot rewrite lines. */
export function screenOn(fd: 1 | 2): WriteStream | undefined {
  if (!isatty(fd) || process.env.TERM === 'dumb') return undefined;
  return fd === 1 ? process.stdout : process.stderr;
}

/** The number of columns for a table. Infinity without a screen: what goes to a file or pipe is not cut. */
export function columnsOf(screen: Pick<WriteStream, 'columns'> | undefined): number {
  return screen === undefined ? Infinity : screen.columns || USUAL_COLUMNS;
}

/** The number of columns for a line that is rewritten in place. The last column stays free: some terminals wrap when it is used. */
export function lineColumnsOf(screen: Pick<WriteStream, 'columns'>): number {
  return columnsOf(screen) - 1;
}

/** Text in a style if there is a screen and colours are wanted (https://no-color.org). */
export function styled(text: string, style: Style, screen: WriteStream | undefined): string {
  return screen && !process.env.NO_COLOR ? styleText(style, text, { validateStream: false }) : text;
}
