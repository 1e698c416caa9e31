import { parseArgs } from 'node:util';
import { holderRows } from './holderRows.ts';
import { measureHook } from './hookRow.ts';
import { measureIdleFile } from './idleRows.ts';
import { latencyRows } from './latencyRows.ts';
import { measureMerge } from './mergeRows.ts';
import { type Row, reportText } from './report.ts';
import { measureScale } from './scaleRows.ts';
import { measureIdleSecurity } from './securityRow.ts';
import { measureStatus } from './statusRow.ts';
import { measureStorm } from './stormRows.ts';
import { measureWindow } from './windowRows.ts';

/*
 * `npm run bench`: what docs/architecture.md promises, measured on this machine with real engine
 * processes, and printed as a table. It takes about ten minutes; `--quick` takes one and shows only that
 * everything runs, `--only NAME` measures one part. It asserts nothing about time: a limit that is
 * missed is marked in the table, and only a failure (something never arrived) ends it with exit code 1.
 */

const parts: Readonly<Record<string, (quick: boolean) => Row[] | Promise<Row[]>>> = {
  few: (quick) => latencyRows(10, quick ? 5 : 200, { medianMs: 15, p99Ms: 60 }),
  many: (quick) => latencyRows(quick ? 50 : 200, quick ? 2 : 40, { medianMs: 200 }),
  holders: (quick) => holderRows(quick ? 3 : 100),
  idle: (quick) => measureIdleFile(quick ? 20 : 200, quick),
  security: (quick) => measureIdleSecurity(quick ? 5 : 200, quick),
  merge: (quick) => measureMerge(quick ? 30 : 500),
  scale: (quick) => measureScale(quick ? 10 : 100, quick ? 100 : 1_000, quick),
  status: (quick) => measureStatus(200, quick ? 2 : 10),
  hook: (quick) => measureHook(quick ? 3 : 40),
  window: (quick) => measureWindow(200, quick ? 4 : 40),
  storm: (quick) => measureStorm(quick ? 40 : 200, quick),
};

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
});
// Ctrl-C goes through the exit handlers: they end the engine and remove the temporary folders.
process.once('SIGINT', () => process.exit(130));

const names = values.only === undefined ? Object.keys(parts) : [values.only];
const rows: Row[] = [];
for (const name of names) {
  const measure = parts[name];
  if (measure === undefined) {
    console.error(`There is no part "${name}"; there are ${Object.keys(parts).join(', ')}.`);
    process.exit(2);
  }
  process.stderr.write(`${name} …\n`);
  rows.push(...(await measure(values.quick)));
}
console.log(reportText(rows));
