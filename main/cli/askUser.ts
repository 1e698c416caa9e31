import { createInterface } from 'node:readline/promises';
import type { AskUser } from '../service/secretsQuestion.ts';
import { UserError } from '../system/userError.ts';
import { complain } from './output.ts';

/**
 * How the user is asked: on stderr, since stdout may be read by a program.
 * @returns `null` where there is no terminal
 */
export function userAtTerminal(): AskUser | null {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return null;
  return async (lines, question) => {
    for (const line of lines) complain(line);
    const dialog = createInterface({ input: process.stdin, output: process.stderr });
    const given = new AbortController();
    // Ctrl-C, and a terminal that is closed.
    dialog.on('SIGINT', () => given.abort());
    dialog.on('close', () => given.abort());
    try {
      const answer = await dialog.question(`agenc-bar: ${question} [y/N] `, given);
      return /^\s*y(es)?\s*$/i.test(answer);
    } catch {
      process.stderr.write('\n');
      throw new UserError('Not started: the question was not answered.');
    } finally {
      dialog.close();
    }
  };
}
