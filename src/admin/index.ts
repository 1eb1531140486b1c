export { doctor, type Check, type Diagnosis, type DoctorOptions } from './doctor/doctor.js';
export { forceRelease, type ForceReleaseOptions } from './force-release.js';
export { list, type Listed, type ListLocksOptions } from './list.js';
export { sweep, type Sweep, type SweepOptions, type SweepTotals } from './sweep.js';
export type { Swept, SweptReason } from './sweeper.js';
export { inspect, type Inspection, type InspectOptions } from '../lock/inspect.js';
export type { ForeignLock } from '../lock/model/foreign.js';
export type { Folder } from '../vfs/path.js';
export type { Location } from '../open.js';
