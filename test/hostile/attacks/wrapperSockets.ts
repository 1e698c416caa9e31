import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import type { Attack } from '../attack.ts';
import type { Intruder } from '../scene.ts';

/** What a mission's wrapper says of itself, as a wrapper of ours would. */
function status(overrides: object = {}): string {
  return JSON.stringify({
    missionId: 'x',
    pid: 1,
    claudePid: null,
    mode: 'headless',
    phase: 'running',
    activity: 'busy',
    attention: false,
    startedAt: '2026-01-01T00:00:00.000Z',
    claudeStartedAt: null,
    exitCode: null,
    ...overrides,
  });
}

interface Liar {
  readonly id: string;
  readonly title: string;
  /** The engine does not take it all: it hangs up. */
  readonly hungUpOn?: boolean;
  answer(response: ServerResponse): void;
}

const liars: readonly Liar[] = [
  {
    id: 'wrapper-endless-line',
    title: 'A mission’s wrapper answers with a line that never ends',
    hungUpOn: true,
    answer: (response) => pour(response, () => 'a'.repeat(1_048_576)),
  },
  {
    id: 'wrapper-300-mb',
    title: 'A mission’s wrapper answers with 300 MB',
    hungUpOn: true,
    answer(response) {
      let left = 300;
      pour(response, () => {
        left -= 1;
        return left < 0 ? null : `${'a'.repeat(1_048_575)}\n`;
      });
    },
  },
  {
    id: 'wrapper-silent',
    title: 'A mission’s wrapper takes a question and never answers',
    answer: () => undefined,
  },
  {
    id: 'wrapper-no-date',
    title: 'A mission’s wrapper says that it was started “never”',
    answer: (response) => say(response, `${status({ startedAt: 'never', exitCode: 1e308 })}\n`),
  },
  {
    id: 'wrapper-escapes',
    title: 'A mission’s wrapper gives a terminal’s commands for a time',
    answer: (response) => say(response, `${status({ startedAt: '\u001b]0;x\u0007' })}\n`),
  },
  {
    id: 'wrapper-odd-types',
    title: 'A mission’s wrapper gives numbers and lists for everything',
    answer: (response) => say(response, `${status({ mode: 7, phase: [], exitCode: {} })}\n`),
  },
  {
    id: 'wrapper-flood',
    title: 'A mission’s wrapper changes its mind thousands of times a second',
    answer(response) {
      let count = 0;
      pour(response, () => {
        count += 1;
        return `${status({ attention: count % 2 === 0 })}\n`.repeat(20);
      });
    },
  },
  {
    id: 'wrapper-headers',
    title: 'A mission’s wrapper sends headers without end',
    answer(response) {
      response.socket?.write(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(100_000)}`);
    },
  },
];

export const wrapperAttacks: readonly Attack[] = liars.map(({ id, title, hungUpOn, answer }) => ({
  id,
  title,
  told: [],
  async launch(intruder) {
    const server = await listen(intruder, answer);
    await intruder.restart();
    return {
      async holds() {
        const { world, honest } = intruder.scene;
        if (hungUpOn) await until('the engine hung up', () => server.hangUps() > 0);
        for (const args of [['status'], ['mission', 'ls']]) {
          const { code, stdout, stderr } = await world.run(args);
          expect({ code, stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' });
          expect(stdout.match(/honest-\d/g)?.length).toBeGreaterThanOrEqual(honest.length);
        }
      },
      stop: server.close,
    };
  },
}));

async function listen(
  { folder }: Intruder,
  answer: Liar['answer'],
): Promise<{ close: () => Promise<void>; hangUps: () => number }> {
  let hangUps = 0;
  const server = createServer((_, response) => {
    response.on('error', ignore);
    response.on('close', () => {
      if (!response.writableFinished) hangUps += 1;
    });
    answer(response);
  });
  server.on('clientError', ignore);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(join(folder, 'wrapper.sock'), resolve);
  });
  return {
    hangUps: () => hangUps,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function say(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.write(text);
}

/** Writes as fast as it is read, until there is no more. */
function pour(response: ServerResponse, next: () => string | null): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const go = (): void => {
    while (!response.destroyed) {
      const text = next();
      if (text === null) {
        response.end();
        return;
      }
      if (!response.write(text)) return;
    }
  };
  response.on('drain', go);
  go();
}

function ignore(): void {
  // Whoever asked has hung up, which is what they should do.
}
