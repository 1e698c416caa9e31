import { engineAlertTitles } from '../main/service/contract/alertTitles.ts';
import { causeOf } from '../main/service/contract/answers.ts';
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
  full: 'There is no room for a sign-in',
  unavailable: 'Credentials are unavailable',
  conflict: 'Two sign-ins met',
  ...engineAlertTitles,
  unknown: 'AgenC Bar needs attention',
  settings: 'The settings need attention',
};

/** What needs the user, of a state. Pure. */
export function attentionOf({ connection, snapshot }: AppState): Attention[] {
  const failed: Attention[] =
    connection.status === 'failed'
      ? [{ ...nowhere, id: 'engine', title: 'Syncing has stopped', body: connection.message }]
      : [];
  if (snapshot === null) return failed.map(fitToShow);
  const byCause = Map.groupBy(
    snapshot.alerts,
    ({ kind, missionId }) => `${kind}:${missionId ?? ''}`,
  );
  const alerts = [...byCause].flatMap(([cause, all]) =>
    fewOf(all.map(ofAlert), (more, last) => ({
      ...last,
      id: `alerts:${cause}`,
      body: `There are ${more} more of this kind; the window shows them.`,
      alertId: null,
    })),
  );
  return [...failed, ...alerts, ...signIns(snapshot.missions)].map(fitToShow);
}

/** Whatever is said holds names that missions chose. */
function fitToShow(attention: Attention): Attention {
  return { ...attention, title: shown(attention.title), body: shown(attention.body) };
}

/** More than these at once are a flood, whoever is to blame: they become one. */
const MOST_OF_A_KIND = 3;
/** Systems show about as much. */
const MOST_BODY = 400;

function fewOf(
  all: readonly Attention[],
  rest: (more: number, last: Attention) => Attention,
): Attention[] {
  const last = all[MOST_OF_A_KIND];
  if (last === undefined) return [...all];
  return [...all.slice(0, MOST_OF_A_KIND), rest(all.length - MOST_OF_A_KIND, last)];
}

function ofAlert({ id, kind, message, missionId }: AlertMessage): Attention {
  return {
    // What was tampered with, or vanished, is told once, however often it changes.
    id: `alert:${causeOf(id)}`,
    title: TITLES[kind],
    body: shown(message, MOST_BODY),
    place: kind === 'settings' ? 'settings' : 'missions',
    missionId,
    alertId: id,
  };
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
  const all = [...rejected].map(([key, { name, missions: names }]) => ({
    ...nowhere,
    id: `sign-in:${key}`,
    title: `${shownName(name)} needs a sign-in`,
    body: `Sign in once, here or in any mission; all others receive it. Missing in ${listed(names)}.`,
    place: 'servers' as const,
  }));
  return fewOf(all, (more, last) => ({
    ...last,
    id: 'sign-in:*',
    title: `${more} more ${more === 1 ? 'server needs' : 'servers need'} a sign-in`,
    body: 'The window shows which.',
  }));
}

const nowhere = { place: 'missions', missionId: null, alertId: null } as const;

function listed(names: readonly string[]): string {
  const [first = '', second] = names;
  if (second === undefined) return first;
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`;
}
