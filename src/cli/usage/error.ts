/** Something that ends the command line with one line on standard error and an exit code of its own. */
export class CliError extends Error {
  override readonly name = 'Complaint';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
