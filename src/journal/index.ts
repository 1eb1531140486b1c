/** What happened to locks: writing it down as it happens, and reading it. Nothing here is loaded unless it is imported. */
export { startJournal, startJournalFile, type Journal, type JournalOptions } from './journal.js';
export { pruneHistory, type PrunedFile, type PruneOptions } from './prune.js';
export { readHistory, readHistoryFile, type HistoryOptions } from './read.js';
export { HistoryCounter, type Durations, type HistoryStatistics } from './statistics.js';
export { drawTimeline, type TimelineOptions } from './timeline/draw.js';
export type { HistoryEntry, StolenFrom } from './entry.js';
