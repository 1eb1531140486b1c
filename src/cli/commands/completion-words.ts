/** The first words besides the commands, and what they do. */
export const OTHER_WORDS: Readonly<Record<string, string>> = {
  help: 'Shows the help on a command.',
  '--help': '',
  '--version': '',
};

/** Their values are looked up in the lock file of FILE. */
export const ID_OPTIONS: readonly string[] = ['expect', 'id'];
