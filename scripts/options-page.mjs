// @ts-check
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

const PAGE = join(import.meta.dirname, '../docs/options.md');
const START = '<!-- options:start -->';
const END = '<!-- options:end -->';

/** The options of the stores, in the order of the columns. */
const STORES = {
  'local disk': 'LocalVfsOptions',
  memory: 'MemVfsOptions',
  SFTP: 'SftpVfsOptions',
  S3: 'S3VfsOptions',
  'Google Cloud Storage': 'GcsVfsOptions',
};

/**
 * What is used of a reflection of typedoc.
 * @typedef {{ kind: string, text: string }} Part
 * @typedef {{ summary: Part[], blockTags: { tag: string, content: Part[] }[] }} Comment
 * @typedef {{ name: string, comment?: Comment, flags: { isOptional: boolean }, children?: Reflection[] }} Reflection
 */

/** @param {Reflection} option */
function defaultOf({ comment, flags }) {
  const parts = comment?.blockTags.find(({ tag }) => tag === '@default' || tag === '@defaultValue')?.content ?? [];
  const text = textOf(parts.map((part) => ({ ...part, text: part.text.replace(/^```\w*\n(.*)\n```$/s, '$1') })));
  if (!flags.isOptional) return 'required';
  return plainDefault(text);
}

/**
 * A value is code, and a sentence is none.
 * @param {string} text
 */
export function plainDefault(text) {
  const isValue = /^('[^']*'|[\d.]+|true|false|\[\]|[a-z]+\.[a-zA-Z]+)$/.test(text);
  return isValue ? `\`${text}\`` : text;
}

/** @param {readonly Part[]} parts */
function textOf(parts) {
  return parts
    .map(({ text }) => text)
    .join('')
    .replaceAll('|', '\\|')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/**
 * @param {readonly string[]} header
 * @param {readonly (readonly string[])[]} rows
 */
function table(header, rows) {
  return [header, header.map(() => '-'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/**
 * The page with its tables made anew from the doc comments.
 * @param {readonly Reflection[]} interfaces
 */
export async function optionsPage(interfaces) {
  const optionsOf = (/** @type {string} */ name) => {
    const found = interfaces.find((each) => each.name === name);
    if (found?.children === undefined) throw new Error(`there are no options ${name}`);
    return found.children;
  };
  const described = (/** @type {string} */ name) =>
    table(
      ['option', 'default', 'what it does'],
      optionsOf(name).map((each) => [`\`${each.name}\``, defaultOf(each), textOf(each.comment?.summary ?? [])]),
    );
  const stores = Object.values(STORES).map(optionsOf);
  const names = [...new Set(stores.flatMap((options) => options.map(({ name }) => name)))];
  const cell = (/** @type {Reflection[]} */ options, /** @type {string} */ name) => {
    const option = options.find((each) => each.name === name);
    return option === undefined ? '–' : defaultOf(option);
  };
  const shared = (/** @type {string} */ name) => stores.filter((options) => cell(options, name) !== '–').length;
  const rows = names.sort((a, b) => shared(b) - shared(a) || a.localeCompare(b));
  const text = [
    ...['## Of a lock', described('LockOptions'), '## Of an acquisition', described('AcquireOptions')],
    ...['## Of a [journal](history.md)', described('JournalOptions')],
    ...['## Of the stores, side by side', 'Each cell is the default; – where the store has no such option.'],
    table(
      ['option', ...Object.keys(STORES)],
      rows.map((name) => [`\`${name}\``, ...stores.map((each) => cell(each, name))]),
    ),
  ].join('\n\n');
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.split(START)[0], page.split(END)[1]];
  const whole = `${String(before)}${START}\n\n${text}\n\n${END}${String(after)}`;
  return { file: PAGE, text: await format(whole, { ...(await resolveConfig(PAGE)), filepath: PAGE }) };
}
