export type { ArchiveOptions, Claim } from './claim.js';
export { inbox } from './inbox.js';
export type { InboxOptions, NameMatcher, SkipReason } from './options.js';
export type { Folder } from '../vfs/path.js';
export type { Location } from '../open.js';
