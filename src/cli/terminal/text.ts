const ASCII = /^[\x20-\x7e]*$/;

let measure = (text: string): number => text.length;

/** Loads what `widthOf` measures with. That takes a fifth of the time in which a command starts, and only terminals need it. */
export async function loadWidths(): Promise<void> {
  const { default: stringWidth } = await import('string-width');
  measure = stringWidth;
}

/** The number of columns that printable text takes on a terminal. Its length, if it is not ASCII and no widths are loaded. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : measure(text);
}

/** The first text that fits into `columns`; if none does, the last one, cut off. */
export function fitting(texts: readonly string[], columns: number): string {
  return texts.find((text) => widthOf(text) <= columns) ?? cutEnd(texts.at(-1) ?? '', columns);
}

/** Text in lines of at most `columns`, broken between words. A longer word has a line of its own. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && widthOf(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Text of at most `columns`: whole, or with its end replaced by an ellipsis. */
export function cutEnd(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns > 0 ? `${firstFitting(charactersOf(text), columns - 1).join('')}…` : '';
}

/** The same with the start replaced, for paths, whose ends say most. */
export function cutStart(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return '';
  const kept = firstFitting(charactersOf(text).reverse(), columns - 1);
  return `…${kept.reverse().join('')}`;
}

/** A path with its start replaced, but never a part of its last name. Undefined: that does not fit. */
export function cutPath(path: string, columns: number): string | undefined {
  if (widthOf(path) <= columns) return path;
  const last = lastPartOf(path);
  return last !== path && widthOf(last) + 2 <= columns ? cutStart(path, columns) : undefined;
}

/** What stands behind the last slash that something follows. */
export function lastPartOf(path: string): string {
  return /[^/]*\/*$/.exec(path)?.[0] ?? path;
}

/** Text in pieces of at most `columns`, broken between any two characters. */
export function chunked(text: string, columns: number): readonly string[] {
  const chunks: string[] = [];
  for (let rest = charactersOf(text); rest.length > 0;) {
    const fitting = firstFitting(rest, columns);
    const chunk = fitting.length > 0 ? fitting : rest.slice(0, 1);
    chunks.push(chunk.join(''));
    rest = rest.slice(chunk.length);
  }
  return chunks;
}

function firstFitting(characters: readonly string[], columns: number): string[] {
  let left = columns;
  const end = characters.findIndex((character) => (left -= widthOf(character)) < 0);
  return characters.slice(0, end === -1 ? undefined : end);
}

let segmenter: Intl.Segmenter | undefined;

/** What a person sees as one character may be several code points, which must not be cut apart. */
function charactersOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
