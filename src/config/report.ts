// Collects what is wrong or odd in a configuration, so that one run shows all of it.

/** Lines for the user; every one starts with the file and, where there is one, the line. */
export class Report {
  readonly errors: string[] = [];
  readonly warnings: string[] = [];

  error(at: string, message: string): void {
    this.errors.push(`${at}: ${message}`);
  }

  warn(at: string, message: string): void {
    this.warnings.push(`${at}: ${message}`);
  }
}
