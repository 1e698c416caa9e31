import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';

/** The terminal that Claude gets. */
export interface Terminal {
  /** Puts it back as it was found. @param abnormal Claude was killed and could not tidy up itself */
  restore(abnormal: boolean): void;
}

/**
 * What a killed Claude may have left on: the alternate screen, a hidden cursor, reports of mouse, focus
 * and pasting, extended keys. To turn off what is not on does nothing.
 */
const TIDY =
  '\x1b[?1047l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[>4;0m\x1b[0m\r\n';

/** Notes how the terminal is set; nothing to do where there is none. */
export function noteTerminal(): Terminal {
  const saved = process.stdin.isTTY ? stty(['-g'])?.trim() : undefined;
  return {
    restore(abnormal) {
      if (!saved) return;
      stty([saved]);
      if (!abnormal || !process.stdout.isTTY) return;
      try {
        writeSync(1, TIDY);
      } catch {
        // The terminal was closed.
      }
    },
  };
}

function stty(args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('stty', args, {
    encoding: 'utf8',
    stdio: ['inherit', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : undefined;
}
