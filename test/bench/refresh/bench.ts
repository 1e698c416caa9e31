import { parseArgs } from 'node:util';
import { available } from '../../claude/install.ts';
import { machineText } from '../report.ts';
import { type Cell, measureCell, type Outcome } from './cell.ts';
import { clientVersion } from './clientVersion.ts';
import { COLUMNS, USUAL_COLUMNS } from './columns.ts';
import { isTooMuch, refreshTable, type TableRow } from './table.ts';

/*
 * `npm run bench:refresh`: what missions that hold copies of one single-use refresh token do to each
 * other, with the real client. It takes about half an hour; a part of it is chosen by
 *   --missions 4,8,16   --spacing 0,20,100,1000 (ms between two starts)   --columns none,sync,fence,lease
 *   --lives 3 (how often the token comes to its end)   --answer 200 (ms that the server takes to answer)
 *   --revoke (a used refresh token is taken for theft, and its whole sign-in revoked: RFC 9700, 4.14.2)
 * There is one more column, `late`: fence and lease, but engine and missions wake up inside the client's
 * window. Exit code 1: something could not be measured, or a cell that must be all zeros is not.
 */

const { values } = parseArgs({
  options: {
    missions: { type: 'string', default: '4,8,16' },
    spacing: { type: 'string', default: '0,20,100,1000' },
    columns: { type: 'string', default: USUAL_COLUMNS.join(',') },
    lives: { type: 'string', default: '3' },
    answer: { type: 'string', default: '200' },
    revoke: { type: 'boolean', default: false },
  },
});
const names = values.columns.split(',');
const [lives = 0] = numbers(values.lives);
const revokes = values.revoke;
const [answerMs = 0] = numbers(values.answer);
const unknown = names.find((name) => COLUMNS[name] === undefined);
if (unknown !== undefined) {
  fail(`There is no column "${unknown}"; there are ${Object.keys(COLUMNS).join(', ')}.`, 2);
}
const found = await available();
if (!found.ok) fail(found.reason, 1);
const { claudePath } = found;
const version = clientVersion(claudePath);

// Ctrl-C ends clients and engine too; what is left to do is to remove the folders.
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());

const rows: TableRow[] = [];
for (const missions of numbers(values.missions)) {
  for (const spacingMs of numbers(values.spacing)) {
    const outcomes = new Map<string, Outcome | null>();
    rows.push({ missions, spacingMs, outcomes });
    for (const name of names) {
      const column = COLUMNS[name];
      if (column === undefined || interrupted.signal.aborted) continue;
      outcomes.set(name, await measured({ missions, spacingMs, column, lives, answerMs, revokes }));
    }
  }
}
console.log(
  [
    `${machineText()} · Claude Code ${version}`,
    `${lives} lives of a token, a server that answers after ${answerMs} ms` +
      `${revokes ? ' and revokes a sign-in whose refresh token is used twice' : ''}; refresh tokens refused / ` +
      'sessions asked to sign in / missions unusable in the end',
    '',
    refreshTable(COLUMNS, names, rows),
  ].join('\n'),
);
if (interrupted.signal.aborted) process.exit(130);
const missed = rows.some(({ spacingMs, outcomes }) =>
  [...outcomes].some(([name, outcome]) => {
    const column = COLUMNS[name];
    return column !== undefined && isTooMuch(outcome, column, spacingMs);
  }),
);
process.exit(missed ? 1 : 0);

async function measured(cell: Cell): Promise<Outcome | null> {
  const name = `${cell.missions} missions, ${cell.spacingMs} ms, ${cell.column.title}`;
  const from = performance.now();
  try {
    const outcome = await measureCell(claudePath, cell);
    const seconds = ((performance.now() - from) / 1000).toFixed(0);
    process.stderr.write(`${name}: ${JSON.stringify(outcome)} in ${seconds} s\n`);
    return outcome;
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}

function numbers(text: string): number[] {
  const parsed = text.split(',').map(Number);
  if (parsed.some((one) => !Number.isInteger(one) || one < 0)) {
    fail(`"${text}" is no list of whole numbers.`, 2);
  }
  return parsed;
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}
