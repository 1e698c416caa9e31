import { engineAlertTitles } from '../../main/service/contract/alertTitles.ts';
import { causeOf } from '../../main/service/contract/answers.ts';
import type { AppState, Connection } from '../../main/service/contract/app.ts';
import type { AlertMessage, MissionMessage, Snapshot } from '../../main/service/contract/engine.ts';
import { needsSignIn } from '../../main/service/contract/summary.ts';
import { listed, plural, someOf } from '../text/words.ts';
import { type Choice, choicesOf, RETRY } from './choices.ts';

/** What stands above everything else until it is settled. */
export interface Notice {
  readonly id: string;
  /** The same for as long as its cause lasts, while what it asks, and with that its id, may change. */
  readonly cause: string;
  readonly tone: 'bad' | 'attention' | 'info';
  readonly title: string;
  /** What happened, why, what to do. */
  readonly text: string;
  /** What can be done about it, the harmless first. */
  readonly choices: readonly Choice[];
}

const TONES = ['bad', 'attention', 'info'] as const;

/** Of one tone, the gravest first. */
const KINDS: readonly AlertMessage['kind'][] = [
  'tampering',
  'wipe',
  'replaced',
  'hostile',
  'full',
  'unavailable',
  'conflict',
  'lock',
  'damaged',
  'broadcast',
  'note',
  'state',
  'log',
  'refresh',
  'watch',
  'defect',
  'settings',
  'unknown',
];

/** Everything that needs the user, the gravest first. */
export function noticesOf({ connection, snapshot }: Pick<AppState, 'connection' | 'snapshot'>) {
  const missions = new Map(snapshot?.missions.map((mission) => [mission.id, mission]));
  const alerts = (snapshot?.alerts ?? []).toSorted(
    (one, two) => KINDS.indexOf(one.kind) - KINDS.indexOf(two.kind),
  );
  const notices: Notice[] = [
    ...engineNotices(connection),
    ...alerts.map((alert) => {
      const mission = alert.missionId === null ? null : (missions.get(alert.missionId) ?? null);
      return noticeOf(alert, mission, snapshot);
    }),
  ];
  return notices.sort((one, two) => TONES.indexOf(one.tone) - TONES.indexOf(two.tone));
}

function engineNotices(connection: Connection): Notice[] {
  if (connection.status === 'failed') {
    const title = 'Syncing has stopped';
    const { message: text } = connection;
    return [{ id: 'engine', cause: 'engine', tone: 'bad', title, text, choices: [RETRY] }];
  }
  if (connection.status === 'other') {
    const { pid } = connection;
    const title = pid === null ? 'The engine runs elsewhere' : `Process ${pid} runs the engine`;
    const text = 'This window shows it and takes over when it ends.';
    return [{ id: 'other', cause: 'other', tone: 'info', title, text, choices: [] }];
  }
  return [];
}

function noticeOf(
  alert: AlertMessage,
  mission: MissionMessage | null,
  snapshot: Snapshot | null,
): Notice {
  const { id, message: text } = alert;
  const titled = TITLES[alert.kind];
  const title =
    typeof titled === 'string' ? titled : titled(placeOf(alert, mission), alert.servers);
  const choices = choicesOf(alert, mission);
  return { id, cause: causeOf(id), tone: toneOf(alert, snapshot), title, text, choices };
}

function toneOf({ kind, servers }: AlertMessage, snapshot: Snapshot | null): Notice['tone'] {
  switch (kind) {
    case 'tampering':
    case 'wipe':
    case 'unavailable':
      return 'bad';
    case 'replaced': {
      // What came in its place does not work: then nobody is signed in any more.
      const failed = snapshot?.global.servers.some(
        (server) => servers.includes(server.name) && needsSignIn(server),
      );
      return failed === true ? 'bad' : 'attention';
    }
    default:
      return 'attention';
  }
}

function placeOf({ missionId }: AlertMessage, mission: MissionMessage | null): string {
  return missionId === null ? 'the global entry' : `“${mission?.name ?? missionId}”`;
}

type Title = string | ((where: string, servers: readonly string[]) => string);

const TITLES: Readonly<Record<AlertMessage['kind'], Title>> = {
  wipe: (where, servers) =>
    servers.length === 0
      ? `The entry of ${where} is damaged`
      : `${plural(servers.length, 'server')} vanished from ${where}`,
  tampering: (where, servers) => `${subject(servers)} tampered with in ${where}`,
  replaced: (_, servers) => `${subject(servers)} replaced everywhere`,
  hostile: (where) => `${capital(where)} does what no Claude does`,
  full: (where) => `The global entry has no room for what ${where} has`,
  unavailable: (where) => `${capital(where)} cannot be read`,
  conflict: (where) => `Two sign-ins met in ${where}`,
  ...engineAlertTitles,
  unknown: 'Something this version does not know',
  settings: 'A setting needs attention',
};

/** "The sign-in of linear was", "The sign-ins of linear and notion were" */
function subject(servers: readonly string[]): string {
  if (servers.length === 0) return 'A sign-in was';
  if (servers.length === 1) return `The sign-in of ${listed(servers)} was`;
  return `The sign-ins of ${someOf(servers, 3)} were`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
