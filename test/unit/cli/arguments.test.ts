import { describe, expect, expectTypeOf, it } from 'vitest';

import { CliError } from '../../../src/cli/exit-codes.js';
import { readArguments, type ArgumentsOf, type RawSetting } from '../../../src/cli/usage/arguments.js';
import { COMMAND_NAMES, COMMANDS, optionsOf } from '../../../src/cli/usage/commands.js';
import { resolveRunOptions, resolveSweepOptions } from '../../../src/cli/usage/settings.js';

function read<Name extends keyof typeof COMMANDS>(
  verb: Name,
  rest: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ArgumentsOf<Name> {
  const args = readArguments([verb, ...rest], env);
  expect(args.verb).toBe(verb);
  return args as unknown as ArgumentsOf<Name>;
}

const run = (...rest: readonly string[]): ArgumentsOf<'run'> => read('run', ['f', ...rest, '--', 'true']);

describe('the arguments of a command', () => {
  it.each(COMMAND_NAMES)('have a key for each option of %s, and for nothing else', (name) => {
    const operand = name === 'completion' ? 'zsh' : 'x';
    const required = optionsOf(name).flatMap(([option, spec]) =>
      spec.kind !== 'flag' && spec.required ? [`--${option}`, '1s'] : [],
    );
    const rest = [operand, ...required, ...(name === 'run' ? ['--', 'true'] : [])];
    const camelCase = (option: string): string =>
      option
        .split('-')
        .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
        .join('');
    const options = optionsOf(name).map(([option]) => camelCase(option));
    const tail = name === 'run' ? ['command', 'args'] : [];
    const expected = ['verb', COMMANDS[name].operand, ...tail, ...options.filter((option) => option !== 'help')];
    expect(Object.keys(read(name, rest)).sort()).toEqual(expected.sort());
  });

  it('have the types that the table gives them', () => {
    expectTypeOf<ArgumentsOf<'sweep'>['dryRun']>().toEqualTypeOf<boolean>();
    expectTypeOf<ArgumentsOf<'sweep'>['olderThan']>().toEqualTypeOf<RawSetting | undefined>();
    expectTypeOf<ArgumentsOf<'sweep'>['concurrency']>().toEqualTypeOf<RawSetting>();
    expectTypeOf<ArgumentsOf<'unlock'>['expect']>().toEqualTypeOf<RawSetting>();
    expectTypeOf<ArgumentsOf<'completion'>['shell']>().toEqualTypeOf<'bash' | 'zsh' | 'fish'>();
    expectTypeOf<ArgumentsOf<'run'>['args']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<ArgumentsOf<'status'>>().not.toHaveProperty('help');
  });

  it('U30: belong to the same command by the name that the library has for it', () => {
    const typed = { list: ['folder'], inspect: ['f'], 'force-release': ['f', '--expect', 'id'], ls: ['folder'] };
    const read = Object.entries(typed).map(([verb, rest]) => readArguments([verb, ...rest], {}).verb);
    expect(read).toEqual(['ls', 'status', 'unlock', 'ls']);
    expect(readArguments(['help', 'inspect'], {})).toEqual({ verb: 'help', topic: 'status' });
    expect(() => readArguments(['constructor'], {})).toThrow('not "constructor"');
  });

  it('U29: come from the option, else from the environment unless that is empty, else from the default', () => {
    const wait = (rest: readonly string[], value?: string): string => {
      const { text, from } = read('run', ['f', ...rest, '--', 'true'], { VFS_LOCKFILE_WAIT: value }).wait;
      return `${from} ${text}`;
    };
    expect(wait(['--wait', '1s'], '2s')).toBe('--wait 1s');
    expect(wait([], '2s')).toBe('VFS_LOCKFILE_WAIT 2s');
    expect(wait([], '')).toBe('--wait 0');
    expect(wait([])).toBe('--wait 0');
    expect(wait(['--wait='], '2s')).toBe('--wait ');
  });

  it('end at the first --, after which everything belongs to the command', () => {
    expect(read('run', ['f', '-q', '--', 'echo', '--', '--ttl'])).toMatchObject({
      ...{ file: 'f', quiet: true, ttl: undefined },
      ...{ command: 'echo', args: ['--', '--ttl'] },
    });
  });

  it('must include a required option', () => {
    expect(() => readArguments(['unlock', 'f'], {})).toThrow(CliError);
    expect(() => readArguments(['unlock', 'f', '--expect='], {})).toThrow(/^expected --expect ID: /);
  });
});

describe('settings', () => {
  it('follow from the ttl where nothing else is said', () => {
    expect(resolveRunOptions(run())).toEqual({
      ...{ lock: {}, waitMs: 0, killAfterMs: 2000, marginMs: 2000, maxHoldMs: Infinity, conflictCode: undefined },
    });
    expect(resolveRunOptions(run('--ttl', '6s'))).toMatchObject({
      lock: { ttl: 6000 },
      killAfterMs: 1000,
      marginMs: 1000,
    });
    expect(resolveRunOptions(run('--ttl=never', '--wait=never'))).toMatchObject({ lock: { ttl: Infinity } });
    expect(resolveSweepOptions(read('sweep', ['f']))).toMatchObject({ concurrency: 16 });
  });

  it('stay within the bounds that the table declares', () => {
    expect(() => resolveRunOptions(run('--ttl', '999ms'))).toThrow('--ttl must be at least 1s; got 999ms');
    expect(() => resolveRunOptions(run('--margin', '49ms'))).toThrow('--margin must be at least 50ms; got 49ms');
    expect(() => resolveRunOptions(run('--margin', '0'))).toThrow(/^--margin must be a duration .*1d; got "0"$/);
    expect(() => resolveRunOptions(run('--grace', 'never'))).toThrow(/^--grace must be a duration .*1d; got "never"$/);
    expect(resolveRunOptions(run('--kill-after', '0'))).toMatchObject({ killAfterMs: 0 });
  });
});
