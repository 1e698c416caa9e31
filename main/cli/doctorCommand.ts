import { examine, type Finding } from '../service/doctor.ts';
import { withoutEngine } from '../service/service.ts';
import { ExitCode } from '../system/userError.ts';
import type { Context } from './context.ts';
import { plain } from './format.ts';

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: '✓',
  note: '·',
  warning: '!',
  failed: '✗',
};

/** `agenc-bar doctor`: looks, and changes nothing. Exit 1 if something is broken. */
export async function doctorCommand({ paths, env, json, print }: Context): Promise<ExitCode> {
  const findings = await withoutEngine({ paths, env }, false, (_, parts) => examine(parts, env));
  if (json) print(JSON.stringify({ findings }));
  else {
    for (const { status, message, mend } of findings) {
      print(`${MARKS[status]} ${plain(message)}${mend === null ? '' : `\n    ${plain(mend)}`}`);
    }
  }
  return findings.some(({ status }) => status === 'failed') ? ExitCode.failed : ExitCode.done;
}
