import { existsSync, readFileSync } from 'node:fs';

/** A sign of life of a process that runs `beat.mjs`. */
export interface Beat {
  readonly name: string;
  readonly pid: number;
  readonly atMs: number;
}

export function beatsIn(log: string): readonly Beat[] {
  if (!existsSync(log)) return [];
  // A last line may still be on its way.
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [name = '', pid, atMs] = line.split(' ');
    return { name, pid: Number(pid), atMs: Number(atMs) };
  });
}

export function namesIn(log: string): readonly string[] {
  return [...new Set(beatsIn(log).map(({ name }) => name))].sort();
}

export function lastBeatOf(log: string, name: string): Beat {
  const beat = [...beatsIn(log)].reverse().find((one) => one.name === name || one.name.startsWith(`${name}.`));
  if (beat === undefined) throw new Error(`${name} never beat`);
  return beat;
}

export function firstBeatOf(log: string, name: string): Beat {
  const beat = beatsIn(log).find((one) => one.name === name);
  if (beat === undefined) throw new Error(`${name} never beat`);
  return beat;
}
