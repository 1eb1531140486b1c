import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

/** Says that a number or a `Duration` has a unit. */
const UNIT = /milliseconds?\b|\bms\b|\bseconds?\b|\bdurations?\b|'\d+(ms|s|m|h|d)'/i;

/** Something that users of the package can see. */
interface PublicSymbol {
  readonly symbol: ts.Symbol;
  /** Such as `Lockfile.acquire`. */
  readonly name: string;
  readonly declaration: ts.Declaration;
  /** Whether it is exported itself, and not a member of something that is. */
  readonly isExported: boolean;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};
const entries = Object.values(manifest.exports).flatMap((target) =>
  typeof target === 'string' ? [] : [join(ROOT, target.default.replace('dist', 'src').replace(/\.js$/, '.ts'))],
);
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config,
  ts.sys,
  ROOT,
);
/** Finds our own files only: to read those of other packages takes twice as long, and their comments are not ours. */
const host: ts.CompilerHost = {
  ...ts.createCompilerHost(options),
  resolveModuleNameLiterals: (literals, file) =>
    literals.map(({ text }) =>
      text.startsWith('.') ? ts.resolveModuleName(text, file, options, ts.sys) : { resolvedModule: undefined },
    ),
};
const program = ts.createProgram(entries, { ...options, types: [] }, host);
const checker = program.getTypeChecker();

const publicSymbols = collect(entries.flatMap(exportsOf));

function exportsOf(entry: string): readonly ts.Symbol[] {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} is no module`);
  return checker.getExportsOfModule(module);
}

function collect(exported: readonly ts.Symbol[]): readonly PublicSymbol[] {
  const found = new Map<ts.Declaration, PublicSymbol>();
  const add = (symbol: ts.Symbol, name: string, isExported: boolean): void => {
    const declaration = symbol.declarations?.[0];
    if (declaration === undefined || !isOurs(declaration) || isHidden(declaration) || found.has(declaration)) return;
    found.set(declaration, { symbol, name, declaration, isExported });
    if (!isExported) return;
    for (const member of membersOf(symbol, declaration)) add(member, `${name}.${member.name}`, false);
  };
  for (const each of exported) {
    const symbol = each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each;
    add(symbol, each.name, true);
    const constructor = symbol.members?.get(ts.InternalSymbolName.Constructor);
    if (constructor && !isTypeOnly(each)) add(constructor, `new ${each.name}`, false);
  }
  return [...found.values()];
}

function isOurs(declaration: ts.Declaration): boolean {
  return !relative(SRC, declaration.getSourceFile().fileName).startsWith('..');
}

/** Whether users can name it, but neither call nor construct it. */
function isTypeOnly(exported: ts.Symbol): boolean {
  return exported.declarations?.some((declaration) => ts.isTypeOnlyExportDeclaration(declaration)) ?? false;
}

/** Private members, and the `name` that every error class overrides. */
function isHidden(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration);
  if (name !== undefined && ts.isPrivateIdentifier(name)) return true;
  const flags = ts.getCombinedModifierFlags(declaration);
  if ((flags & ts.ModifierFlags.Override) !== 0 && name?.getText() === 'name') return true;
  return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
}

/** The members of a class, an interface or an object type; of a class those of the constructor function too. */
function membersOf(symbol: ts.Symbol, declaration: ts.Declaration): readonly ts.Symbol[] {
  const isShape =
    ts.isClassDeclaration(declaration) ||
    ts.isInterfaceDeclaration(declaration) ||
    (ts.isTypeAliasDeclaration(declaration) && ts.isTypeLiteralNode(declaration.type));
  if (!isShape) return [];
  const own = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  if (!ts.isClassDeclaration(declaration)) return own;
  const statics = checker.getTypeOfSymbolAtLocation(symbol, declaration).getProperties();
  return [...own, ...statics.filter(({ flags }) => !(flags & ts.SymbolFlags.Prototype))];
}

function docOf({ symbol }: PublicSymbol): string {
  return ts.displayPartsToString(symbol.getDocumentationComment(checker));
}

function tagsOf({ symbol }: PublicSymbol): readonly ts.JSDocTagInfo[] {
  return symbol.getJsDocTags(checker);
}

function hasTag(found: PublicSymbol, name: string): boolean {
  return tagsOf(found).some((tag) => tag.name === name);
}

/** The comment and all its tags. */
function allTextOf(found: PublicSymbol): string {
  return [docOf(found), ...tagsOf(found).map(({ text }) => ts.displayPartsToString(text))].join('\n');
}

function problemsOf(found: PublicSymbol): readonly string[] {
  if (docOf(found) === '') return ['has no doc comment'];
  const problems = {
    'is optional and does not state its default': isOption(found) && !statesDefault(found),
    'B21: is optional and refuses undefined': isOption(found) && !takesUndefined(found),
    'does not state its unit': needsUnit(found) && !UNIT.test(allTextOf(found)),
    'has no @example': isEntryPoint(found) && !hasTag(found, 'example'),
    'is documented to throw or reject, and has no @throws':
      canFail(found) && /\b(throws?|rejects?)\b/i.test(docOf(found)) && !hasTag(found, 'throws'),
  };
  return Object.entries(problems).flatMap(([problem, isSo]) => (isSo ? [problem] : []));
}

function isOption({ declaration }: PublicSymbol): boolean {
  if (!ts.isPropertySignature(declaration) || declaration.questionToken === undefined) return false;
  return ts.isInterfaceDeclaration(declaration.parent) && declaration.parent.name.text.endsWith('Options');
}

/** Else `{ signal: maybe }` is an error with `exactOptionalPropertyTypes`. */
function takesUndefined({ declaration }: PublicSymbol): boolean {
  return ts.isPropertySignature(declaration) && (declaration.type?.getText() ?? '').endsWith('| undefined');
}

function statesDefault(found: PublicSymbol): boolean {
  return hasTag(found, 'default') || /\bdefault/i.test(docOf(found));
}

function needsUnit({ symbol, declaration }: PublicSymbol): boolean {
  const isTime = (name: string, type: ts.TypeNode | undefined): boolean =>
    name.endsWith('Ms') || (type !== undefined && /\bDuration\b/.test(type.getText()));
  if (ts.isFunctionLike(declaration)) {
    return declaration.parameters.some(({ name, type }) => isTime(name.getText(), type));
  }
  return isTime(symbol.name, ts.isPropertySignature(declaration) ? declaration.type : undefined);
}

function isEntryPoint({ declaration, isExported, name }: PublicSymbol): boolean {
  return (isExported && ts.isFunctionDeclaration(declaration)) || name === 'Lockfile' || name === 'VfsFile';
}

function canFail({ declaration }: PublicSymbol): boolean {
  return (
    ts.isFunctionDeclaration(declaration) ||
    ts.isConstructorDeclaration(declaration) ||
    ts.isMethodDeclaration(declaration) ||
    ts.isMethodSignature(declaration) ||
    ts.isGetAccessor(declaration)
  );
}

/** The folder of a file in `src`, two names deep at most, such as `lock/model`. */
function roomOf(file: string): string {
  const folder = dirname(file);
  return folder === '.' ? file : folder.split('/').slice(0, 2).join('/');
}

const rooms = new Map<string, string[]>();
for (const found of publicSymbols) {
  const file = relative(SRC, found.declaration.getSourceFile().fileName);
  const room = rooms.get(roomOf(file)) ?? [];
  rooms.set(roomOf(file), room);
  room.push(...problemsOf(found).map((problem) => `${file}: ${found.name} ${problem}`));
}

describe('the doc comments of everything that users can see', () => {
  it('are looked for in every entry of the package', () => {
    expect(entries.length).toBeGreaterThan(8);
    expect(publicSymbols.length).toBeGreaterThan(300);
    expect([...rooms.keys()]).toEqual(expect.arrayContaining(['admin', 'inbox', 'lock', 'vfs', 'backends/s3']));
  });

  it.each([...rooms])('are there and complete in %s', (_room, problems) => {
    expect(problems).toEqual([]);
  });
});
