import { statfsSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { WORK_DIR } from './fleet.ts';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What the design asks for; left out where it asks for nothing. */
  readonly limit?: string;
  /** The measured value as a share of the limit: above 1 is a miss. */
  readonly ofLimit?: number;
}

/** The results as a Markdown table, with the date and the machine: ready for the README. */
export function reportText(rows: readonly Row[]): string {
  const cells = [
    ['what', 'measured', 'limit', 'of the limit'],
    ...rows.map(({ what, measured, limit = '', ofLimit }) => [
      what,
      measured,
      limit,
      ofLimit === undefined ? '' : shareText(ofLimit),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const lines = cells.map(
    (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`,
  );
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [machineText(), '', lines[0], rule, ...lines.slice(1)].join('\n');
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

/** A factor, e.g. `2.3×`. */
export function times(factor: number): string {
  return `${factor < 10 ? factor.toFixed(1) : Math.round(factor).toLocaleString('en')}×`;
}

function shareText(share: number): string {
  return share > 1 ? `**${share.toFixed(2)}, missed**` : share.toFixed(2);
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs (memory: fsync is free)',
  1481003842: 'XFS',
  2435016766: 'Btrfs',
  26: 'APFS',
};

/** Date, processor, system, disk and Node, in one line. */
export function machineText(): string {
  const { model = 'unknown CPU' } = cpus()[0] ?? {};
  const date = new Date().toISOString().slice(0, 10);
  const disk = FILE_SYSTEMS[statfsSync(WORK_DIR).type] ?? 'unknown file system';
  return `${date} · ${model.trim()}, ${cpus().length} cores · ${type()} ${release()}, ${disk} · Node ${process.version.slice(1)}`;
}
