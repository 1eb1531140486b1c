export { forceRelease, type ForceReleaseOptions } from './force-release.js';
export { inspect, type Inspection, type InspectOptions } from './inspect.js';
export { list, type Listed, type ListLocksOptions } from './list.js';
export type { Folder, Location } from './location.js';
export { sweep, type Sweep, type SweepOptions, type SweepTotals } from './sweep.js';
export type { Swept, SweptReason } from './sweeper.js';
