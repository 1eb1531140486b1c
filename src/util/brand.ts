/**
 * What `instanceof` says of a class whose objects may come from another copy of this package in the same process, as two versions in
 * one tree of dependencies are: they carry the same brand. Subclasses are told apart as usual.
 */
export function isBranded(asked: object, owner: object, brand: symbol, value: unknown): boolean {
  if (asked !== owner) return Function.prototype[Symbol.hasInstance].call(asked, value);
  return typeof value === 'object' && value !== null && brand in value;
}
