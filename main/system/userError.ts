/** The exit codes of the `agenc-bar` command. */
export const ExitCode = { done: 0, failed: 1, usage: 2, noEngine: 3, unavailable: 4 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error for the user: one line that says what happened, why, and what to do. Never holds a secret. */
export class UserError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.failed) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}
