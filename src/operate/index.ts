export { forceRelease, type ForceReleaseOptions } from './force-release.js';
export { inspect, type Inspection, type InspectOptions } from './inspect.js';
export { list, type Listed, type ListLocksOptions } from './list.js';
export type { Folder, Location } from './location.js';
