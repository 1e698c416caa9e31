import type { AppState, Place } from '../../main/service/contract/app.ts';
import { type Need, needOf, summaryOf, type Tone } from '../../main/service/contract/summary.ts';

/** The icon's shape tells the state. */
export type TrayIcon = 'InSync' | 'Syncing' | 'Attention' | 'Paused';

/** What a click on a menu item asks for. */
export type TrayAction =
  | { readonly do: 'open'; readonly place: Place; readonly missionId: string | null }
  | { readonly do: 'resync' }
  | { readonly do: 'pause'; readonly paused: boolean }
  | { readonly do: 'quit' };

export type TrayItem =
  | { readonly separator: true }
  | {
      readonly label: string;
      /** `null`: a heading, or something that cannot be done now. */
      readonly action: TrayAction | null;
      readonly accelerator?: string;
      readonly checked?: boolean;
      readonly submenu?: readonly TrayItem[];
    };

export interface TrayView {
  readonly icon: TrayIcon;
  readonly tooltip: string;
  readonly menu: readonly TrayItem[];
}

const ICONS: Readonly<Record<Tone, TrayIcon>> = {
  good: 'InSync',
  idle: 'InSync',
  busy: 'Syncing',
  attention: 'Attention',
  paused: 'Paused',
};

const NEEDS: Readonly<Record<Need, string>> = {
  unreadable: 'cannot be read',
  vanished: 'servers vanished',
  'sign-in': 'needs sign-in',
  differs: 'differs',
};

/** A menu longer than a screen helps nobody; the window shows all. */
const MAX_MISSIONS = 20;
const MAX_NAME = 40;
const SEPARATOR: TrayItem = { separator: true };

/** What the tray shows of a state. Pure; without times, so that it changes only when something did. */
export function trayView(state: AppState): TrayView {
  const { tone, sentence } = summaryOf(state);
  const paused = state.snapshot?.activity.paused ?? false;
  const connected = state.connection.status === 'own' || state.connection.status === 'other';
  return {
    icon: ICONS[tone],
    tooltip: `AgenC Bar: ${sentence}`,
    menu: [
      { label: sentence, action: null },
      SEPARATOR,
      { label: 'Open AgenC Bar', action: open('missions') },
      {
        label: 'Force Resync',
        action: connected && !paused ? { do: 'resync' } : null,
        accelerator: 'CommandOrControl+R',
      },
      {
        label: 'Pause Syncing',
        action: connected ? { do: 'pause', paused: !paused } : null,
        checked: paused,
      },
      SEPARATOR,
      { label: 'Missions', action: null, submenu: missionItems(state) },
      { label: 'Log', action: open('log') },
      { label: 'Settings…', action: open('settings'), accelerator: 'CommandOrControl+,' },
      SEPARATOR,
      { label: 'Quit AgenC Bar', action: { do: 'quit' }, accelerator: 'CommandOrControl+Q' },
    ],
  };
}

function missionItems({ snapshot }: AppState): TrayItem[] {
  const active = (snapshot?.missions ?? []).filter(({ state }) => state !== 'stopped');
  if (active.length === 0) return [{ label: 'None is running', action: null }];
  const items = active.slice(0, MAX_MISSIONS).map((mission): TrayItem => {
    const need = needOf(mission, snapshot?.activity.busy ?? false);
    const name = shorten(mission.name);
    return {
      label: need === null ? name : `${name} — ${NEEDS[need]}`,
      action: open('missions', mission.id),
    };
  });
  const more = active.length - items.length;
  return more > 0 ? [...items, { label: `${more} more…`, action: open('missions') }] : items;
}

function open(place: Place, missionId: string | null = null): TrayAction {
  return { do: 'open', place, missionId };
}

/** On Windows and Linux an ampersand in a label marks a key, and two of them are one. */
function shorten(name: string): string {
  const short = name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;
  return short.replaceAll('&', '&&');
}
