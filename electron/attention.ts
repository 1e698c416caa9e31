import type { AppState, Place } from '../main/service/contract/app.ts';
import type { AlertMessage } from '../main/service/contract/engine.ts';
import { shown, shownName } from '../main/service/contract/shown.ts';
import { needsSignIn } from '../main/service/contract/summary.ts';

/** Something that needs the user: one per cause, however many missions it touches. */
export interface Attention {
  /** The same as long as the cause lasts. */
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly place: Place;
  readonly missionId: string | null;
  readonly alertId: string | null;
}

const TITLES: Readonly<Record<AlertMessage['kind'], string>> = {
  tampering: 'A sign-in was tampered with',
  replaced: 'A sign-in was replaced',
  hostile: 'A mission misbehaves',
  wipe: 'Sign-ins vanished',
  unavailable: 'Credentials are unavailable',
  conflict: 'Two sign-ins met',
  broadcast: 'Other programs cannot be told',
  state: 'AgenC Bar needs attention',
  watch: 'A folder cannot be watched',
  settings: 'The settings need attention',
};

/** What needs the user, of a state. Pure. */
export function attentionOf({ connection, snapshot }: AppState): Attention[] {
  const failed: Attention[] =
    connection.status === 'failed'
      ? [{ ...nowhere, id: 'engine', title: 'Syncing has stopped', body: connection.message }]
      : [];
  if (snapshot === null) return failed.map(fitToShow);
  const alerts = snapshot.alerts.map(
    ({ id, kind, message, missionId }): Attention => ({
      id: `alert:${id}`,
      title: TITLES[kind],
      body: message,
      place: kind === 'settings' ? 'settings' : 'missions',
      missionId,
      alertId: id,
    }),
  );
  return [...failed, ...alerts, ...signIns(snapshot.missions)].map(fitToShow);
}

/** Whatever is said holds names that missions chose. */
function fitToShow(attention: Attention): Attention {
  return { ...attention, title: shown(attention.title), body: shown(attention.body) };
}

/** A rejected server is one thing to do, though ten missions miss it. */
function signIns(missions: NonNullable<AppState['snapshot']>['missions']): Attention[] {
  const rejected = new Map<string, { name: string; missions: string[] }>();
  for (const { name: mission, state, servers } of missions) {
    if (state === 'stopped') continue;
    for (const server of servers) {
      if (!needsSignIn(server)) continue;
      const { key, name } = server;
      const entry = rejected.get(key) ?? { name, missions: [] };
      entry.missions.push(shownName(mission));
      rejected.set(key, entry);
    }
  }
  return [...rejected].map(([key, { name, missions: names }]) => ({
    ...nowhere,
    id: `sign-in:${key}`,
    title: `${shownName(name)} needs a sign-in`,
    body: `Sign in once, here or in any mission; all others receive it. Missing in ${listed(names)}.`,
    place: 'servers' as const,
  }));
}

const nowhere = { place: 'missions', missionId: null, alertId: null } as const;

function listed(names: readonly string[]): string {
  const [first = '', second] = names;
  if (second === undefined) return first;
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`;
}
