// @ts-check
// Tells on one line who it is, and whether the process described in the second argument is provably gone as seen from
// here; the description is taken to be of this process where it says nothing else. Then stays until its input ends.
const [, , module = '', described = '{}'] = process.argv;

/** @type {typeof import('../../../src/lock/model/process.js')} */
const { isProvablyGone, thisProcess } = await import(module);
const other = { ...thisProcess(), .../** @type {object} */ (JSON.parse(described)) };
console.log(JSON.stringify({ self: thisProcess(), gone: isProvablyGone(other) }));
process.stdin.resume();
