import { examine, type Finding } from '../service/doctor.ts';
import { withoutEngine } from '../service/service.ts';
import { ExitCode } from '../system/userError.ts';
import { ask, type Context } from './context.ts';

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: '✓',
  note: '·',
  warning: '!',
  failed: '✗',
};

/** `agenc-bar doctor [--remove-leftovers]`: looks, and changes nothing unless asked to. Exit 1 if something is broken. */
export async function doctorCommand(context: Context): Promise<ExitCode> {
  const { paths, env, json, print, printJson } = context;
  if (context.options.removeLeftovers === true) return removeLeftovers(context);
  const findings = await withoutEngine({ paths, env }, false, (_, parts) => examine(parts, env));
  if (json) printJson({ findings });
  else {
    for (const { status, message, mend } of findings) {
      print(`${MARKS[status]} ${message}`, ...(mend === null ? [] : [`    ${mend}`]));
    }
  }
  return findings.some(({ status }) => status === 'failed') ? ExitCode.failed : ExitCode.done;
}

async function removeLeftovers(context: Context): Promise<ExitCode> {
  const { leftovers, unknown } = await ask(context, 'findLeftovers', {}, 'reading');
  const ids = leftovers.map(({ id }) => id);
  if (ids.length > 0) await ask(context, 'removeLeftovers', { ids }, 'exclusively');
  if (context.json) context.printJson({ removed: leftovers, unknown });
  else {
    for (const { what } of leftovers) context.print(`Removed ${what}`);
    if (ids.length === 0) context.print('Nothing was left behind.');
    if (unknown !== null) context.print(`The keychain's items cannot be listed (${unknown}).`);
  }
  return unknown === null ? ExitCode.done : ExitCode.unavailable;
}
