import type { AppState, Connection } from '../../main/service/contract/app.ts';
import type { AlertMessage } from '../../main/service/contract/engine.ts';
import { plural } from '../text/words.ts';

/** What stands above everything else until it is settled. */
export interface Notice {
  readonly id: string;
  readonly tone: 'bad' | 'attention' | 'info';
  readonly title: string;
  /** What happened, why, what to do. */
  readonly text: string;
  readonly answer: 'wipe' | 'dismiss' | 'retry' | null;
  readonly servers: readonly string[];
}

const TONES = ['bad', 'attention', 'info'] as const;

/** Everything that needs the user, the gravest first. */
export function noticesOf({ connection, snapshot }: Pick<AppState, 'connection' | 'snapshot'>) {
  const nameOf = ({ missionId }: AlertMessage): string => {
    if (missionId === null) return 'the global entry';
    const mission = snapshot?.missions.find(({ id }) => id === missionId);
    return `“${mission?.name ?? missionId}”`;
  };
  const notices: Notice[] = [
    ...engineNotices(connection),
    ...(snapshot?.alerts ?? []).map((alert) => noticeOf(alert, nameOf(alert))),
  ];
  return notices.sort((one, two) => TONES.indexOf(one.tone) - TONES.indexOf(two.tone));
}

function engineNotices(connection: Connection): Notice[] {
  const servers: string[] = [];
  if (connection.status === 'failed') {
    const title = 'Syncing has stopped';
    const { message: text } = connection;
    return [{ id: 'engine', tone: 'bad', title, text, answer: 'retry', servers }];
  }
  if (connection.status === 'other') {
    const title = `Process ${connection.pid} runs the engine`;
    const text = 'This window shows it and takes over when it ends.';
    return [{ id: 'other', tone: 'info', title, text, answer: null, servers }];
  }
  return [];
}

const TITLES: Readonly<Record<AlertMessage['kind'], (where: string) => string>> = {
  wipe: (where) => `The entry of ${where} is damaged`,
  tampering: (where) => `Somebody tampered with a sign-in in ${where}`,
  replaced: () => 'A sign-in was replaced everywhere',
  hostile: (where) => `${where} does what no Claude does`,
  unavailable: (where) =>
    where.startsWith('“') ? `${where} cannot be read` : 'The global entry cannot be read',
  conflict: (where) => `Two sign-ins met in ${where}`,
  broadcast: () => 'Other programs cannot be told',
  state: () => 'Something could not be noted down',
  watch: () => 'A folder cannot be watched',
  settings: () => 'A setting needs attention',
};

function noticeOf({ id, kind, message, servers }: AlertMessage, where: string): Notice {
  const rest = { id, servers, text: message };
  if (kind === 'wipe') {
    const vanished = `${plural(servers.length, 'server')} vanished from ${where}`;
    const title = servers.length === 0 ? TITLES.wipe(where) : vanished;
    return { ...rest, tone: 'bad', title, answer: 'wipe' };
  }
  const title = TITLES[kind](where);
  if (kind === 'unavailable') return { ...rest, tone: 'bad', title, answer: null };
  return { ...rest, tone: 'attention', title, answer: kind === 'conflict' ? 'dismiss' : null };
}
