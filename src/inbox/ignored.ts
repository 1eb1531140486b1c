/** Names that an inbox ignores by default: other programs give them to unfinished files and to files of their own. */
export const IGNORED_NAMES: readonly string[] = [
  // Hidden: `.nfs0000...` (removed while open), `.x.csv.Ab12Cd` (rsync), `.in.x.csv.` (ProFTPD), `.~lock.x.ods#` (LibreOffice).
  '.*',
  // The lock of Microsoft Office.
  '~$*',
  // Downloads and uploads that are not finished: many programs, WinSCP, curl and lftp scripts, Chrome, Hadoop.
  ...['*.tmp', '*.temp', '*.part', '*.partial', '*.filepart', '*.crdownload', '*._COPYING_'],
  // The lock of Apache Camel.
  '*.camelLock',
  // What `fail` writes beside a failed file.
  '*.error.json',
];
