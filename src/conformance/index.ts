export type { ConformanceCase, ConformanceOptions, MakeVfs, SkipContext, VfsUnderTest } from './case.js';
export { conformance } from './suite.js';
