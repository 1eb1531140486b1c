export { FenceGuard } from './fence-guard.js';
export { publish, published, type PublishingLock } from './publish.js';
export { sweepEpochs, type SweepEpochsOptions } from './sweep-epochs.js';
export type { Epoch } from './epochs.js';
export type { FencingToken } from './token-text.js';
