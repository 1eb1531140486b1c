import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

import { ROOMS } from './scripts/rooms.mjs';

const plainNode = {
  AbortController: 'readonly',
  Buffer: 'readonly',
  clearInterval: 'readonly',
  clearTimeout: 'readonly',
  console: 'readonly',
  performance: 'readonly',
  process: 'readonly',
  setImmediate: 'readonly',
  setInterval: 'readonly',
  setTimeout: 'readonly',
};

/**
 * The directions of one room, as a rule about specifiers: `../vfs/path.js` leads to the room `vfs` from any depth.
 * @param {string} room
 * @param {readonly string[]} allowed
 * @returns {import('eslint').Linter.Config}
 */
function directions(room, allowed) {
  const rooms = [
    'util',
    'vfs',
    'lock/model',
    'lock/protocol',
    'lock',
    'inbox',
    'admin',
    'serve',
    'cli',
    'otel',
    'testing',
    'conformance',
  ];
  const backends = ['mem', 'local', 'sftp', 's3', 'gcs', 'shared'].map((name) => `backends/${name}`);
  const all = [...rooms, ...backends, 'open.js'];
  const own = room.replace(/\.ts$/, '');
  const forbidden = all.filter((name) => name !== own && name !== `${own}.js` && !allowed.includes(name));
  // `lock` alone means its own files: its inner rooms have rows of their own.
  const targets = forbidden.map((name) =>
    name === 'lock' ? 'lock/[^/]+\\.js$' : name.endsWith('.js') ? `${name}$` : `${name}(/|\\.js$)`,
  );
  // Within `backends` a sibling is one folder up, without the name of the room.
  const siblings = room.startsWith('backends/') ? forbidden.filter((name) => name.startsWith('backends/')) : [];
  const near = siblings.map((name) => `${name.slice('backends/'.length)}(/|\\.js$)`);
  return {
    files: [room.endsWith('.ts') ? `src/${room}` : room === 'lock' ? 'src/lock/*.ts' : `src/${room}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^\\.\\.?/(\\.\\./)*(${[...targets, ...near].join('|')})`,
              message: `${room} may import ${allowed.join(', ') || 'nothing'}.`,
            },
          ],
        },
      ],
    },
  };
}

export default defineConfig(
  globalIgnores(['dist/', 'dist.*/', 'coverage/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Name what you export.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
    },
  },
  {
    files: ['src/**'],
    rules: {
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
    },
  },
  ...Object.entries(ROOMS).map(([room, allowed]) => directions(room, allowed)),
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  { files: ['*.config.{js,ts}'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: plainNode },
    rules: {
      // These do not see a cast in a JSDoc comment, the only way to give a parsed value a type there.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
