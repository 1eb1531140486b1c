/** The most that `Vfs.append` takes: what every SFTP server accepts in one request. */
export const APPEND_BYTES = 32_768;
