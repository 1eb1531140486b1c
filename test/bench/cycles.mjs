// @ts-check
import { asynchronous, synchronous } from './contenders.mjs';

/** @typedef {'async' | 'sync'} Mode */

/**
 * @param {string} mode
 * @param {string} name
 * @returns {Promise<(file: string, enough: (cycles: number) => boolean) => Promise<number>>} locks a file until it is
 *   enough and says how often; between synchronous cycles nothing is awaited
 */
export async function loadCycles(mode, name) {
  if (mode === 'sync') {
    const cycle = await found(synchronous, name).load();
    return (file, enough) => {
      let cycles = 0;
      for (; !enough(cycles); cycles += 1) cycle(file);
      return Promise.resolve(cycles);
    };
  }
  const cycle = await found(asynchronous, name).load();
  return async (file, enough) => {
    let cycles = 0;
    for (; !enough(cycles); cycles += 1) await cycle(file);
    return cycles;
  };
}

/**
 * @template T
 * @param {Readonly<Record<string, T>>} contenders
 * @param {string} name
 * @returns {T}
 */
export function found(contenders, name) {
  const contender = contenders[name];
  if (contender === undefined) throw new Error(`no contender is called ${name}`);
  return contender;
}
