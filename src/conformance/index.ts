export type { ConformanceCase, MakeVfs, VfsUnderTest } from './case.js';
