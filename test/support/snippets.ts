import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import ts from 'typescript';

const root = resolve(import.meta.dirname, '../..');

/** The fenced blocks of a language in a page, whole. */
export function blocksOf(page: string, language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`(?:${language})\\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);
}

/** The first line that says what a snippet is about. */
export function titleOf(snippet: string): string {
  return snippet.split('\n').find((line) => line !== '' && !/^(import|\/\*\*)/.test(line)) ?? '';
}

/** What `npm install` does, without a network: links the built package, and what is installed here, into a user's project. */
export async function install(folder: string, packages: readonly string[]): Promise<void> {
  await mkdir(join(folder, 'node_modules', '.bin'), { recursive: true });
  for (const name of packages) {
    const target = join(folder, 'node_modules', name);
    await mkdir(dirname(target), { recursive: true });
    if (!existsSync(target)) symlinkSync(name === 'vfs-lockfile' ? root : join(root, 'node_modules', name), target);
  }
  const bin = join(folder, 'node_modules', '.bin', 'vfs-lockfile');
  if (packages.includes('vfs-lockfile') && !existsSync(bin)) symlinkSync(join(root, 'dist', 'cli', 'main.js'), bin);
}

/** What the compiler says of TypeScript snippets in a user's strict project, each with the snippet that it is about. */
export async function complaintsAbout(snippets: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-snippets-'));
  try {
    await install(folder, ['vfs-lockfile', 'memfs']);
    const files = snippets.map((snippet, index) => {
      const file = join(folder, `snippet-${String(index)}.mts`);
      writeFileSync(file, snippet);
      return file;
    });
    const program = ts.createProgram(files, {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    });
    return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      const about = file && snippets[files.indexOf(file.fileName)];
      return `${about === undefined ? '' : `${titleOf(about)}: `}${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The snippet without its types, as Node runs it. */
export function asJavaScript(snippet: string): string {
  const { outputText } = ts.transpileModule(snippet, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: false },
  });
  return outputText;
}
