import { calledMission } from '../missions/mission.ts';
import {
  approvedSecrets,
  approveSecrets,
  type MissionSecrets,
  readMissionSecrets,
} from '../missions/missionSecrets.ts';
import type { AgencPaths } from '../system/paths.ts';
import { UserError } from '../system/userError.ts';
import { shown } from './contract/shown.ts';
import type { OwnMission } from './missionHost.ts';

/** Shows lines to the user, and asks. @returns the answer @throws UserError if the user wants to go no further */
export type AskUser = (lines: readonly string[], question: string) => Promise<boolean>;

/** More than this nobody reads before saying yes. */
const MAX_LINES = 100;
const MAX_LINE = 400;

/**
 * Which `secrets.env` of a mission may be used: as it was approved, or is now. After a "no" the mission runs
 * without, and the user is asked again at the next launch.
 * @param ask `null`: nobody can be asked
 * @returns the digest; `null`: none
 * @throws UserError if nobody can be asked about one, or it can be approved by nobody
 */
export async function secretsDecided(
  { missionNotes }: AgencPaths,
  mission: Pick<OwnMission, 'id' | 'name' | 'folder'>,
  ask: AskUser | null,
): Promise<string | null> {
  const { id, folder } = mission;
  const secrets = readMissionSecrets(folder);
  if (secrets === null) return null;
  const approved = approvedSecrets(missionNotes, id);
  if (approved === secrets.digest) return approved;
  const what = approved === null ? 'has not been approved' : 'was changed since you approved it';
  if (ask === null)
    throw new UserError(
      `${secrets.path} ${what}, and there is no terminal here to ask you: what it names would be read from your 1Password. Look at it, then run "agenc-bar mission run ${id}" in a terminal, or remove it.`,
    );
  const lines = secretsLines(secrets);
  const isApproved = await ask(
    [
      `Mission ${calledMission(mission)} wants to start with secrets from your 1Password. ${secrets.path}`,
      `${what}. Its Claude, or its repository, can have written it:`,
      ...lines.map((line) => `  ${line}`),
    ],
    'Give this mission all of that, now and as long as the file stays as it is?',
  );
  if (!isApproved) return null;
  await approveSecrets(missionNotes, id, secrets.digest);
  return secrets.digest;
}

/**
 * What a file asks for, a line each, harmless to show: names of variables, and whatever `op` may replace.
 * Only a value that is plainly nothing but itself is left out, since it may be a secret. Pure.
 * @throws UserError if it is more than somebody reads: then nobody can approve it
 */
export function secretsLines({ path, bytes }: Pick<MissionSecrets, 'path' | 'bytes'>): string[] {
  const lines = bytes
    .toString('utf8')
    .split(/\r\n|[\n\r]/)
    .filter((line) => line.trim() !== '')
    .map(shownLine);
  if (lines.length > MAX_LINES || lines.some((line) => line.length > MAX_LINE))
    throw new UserError(
      `${path} cannot be shown in full (more than ${MAX_LINES} lines, or one of more than ${MAX_LINE} characters), so it cannot be approved: shorten or remove it.`,
    );
  return lines;
}

const ASSIGNMENT = /^\s*(?:export\s+)?(?<name>[A-Za-z_][\w.-]*)\s*=(?<value>.*)$/;
/** An address, a variable, a template or an escape: `op` may make something else of it. */
const REPLACED = /:\/\/|[$\\{`]/;

function shownLine(line: string): string {
  const { name, value = '' } = ASSIGNMENT.exec(line)?.groups ?? {};
  const isPlain = name !== undefined && !REPLACED.test(value);
  return shown(isPlain ? `${name}=(a plain value)` : line, MAX_LINE + 1);
}
