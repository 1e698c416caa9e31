import type { AlertAnswer } from '../../main/service/contract/answers.ts';
import type { AlertMessage, MissionMessage } from '../../main/service/contract/engine.ts';
import { runActionsOf } from '../missions/actions.ts';
import { displayName } from '../missions/groups.ts';
import { plural, someOf } from '../text/words.ts';

/** What a button of a notice does. */
export type Act =
  | { readonly do: 'resolve'; readonly answer: AlertAnswer }
  | { readonly do: 'retry' }
  | { readonly do: 'open'; readonly missionId: string }
  | { readonly do: 'stop'; readonly missionId: string };

/** What is asked before it is done; the dialog opens on "Cancel". */
export interface Question {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** The addresses that this text names are listed after the first paragraph. */
  readonly addressesIn: string | null;
  /** What the button that does it says. */
  readonly action: string;
}

/** One button of a notice. */
export interface Choice {
  readonly label: string;
  readonly act: Act;
  /** `danger`: what it does cannot be taken back easily. It is never the first, and always asks. */
  readonly variant: 'plain' | 'danger';
  readonly ask: Question | null;
}

type Make = (alert: AlertMessage, mission: MissionMessage | null) => Choice | null;

export const RETRY: Choice = plain('Try again', { do: 'retry' });

/** What can be done about an alert, by its kind; where nothing is, it goes away with its cause. */
const CHOICES: Readonly<Record<AlertMessage['kind'], readonly Make[]>> = {
  wipe: [() => answer('Restore', 'restore'), removeEverywhere],
  tampering: [() => answer('Keep ours', 'keep'), acceptAddress],
  replaced: [
    () => answer('Use the former one', 'former'),
    () => answer('Keep the new one', 'dismiss'),
  ],
  conflict: [dismiss],
  hostile: [openMission, stopMission],
  full: [openMission],
  unavailable: [],
  broadcast: [],
  note: [],
  state: [],
  log: [],
  refresh: [],
  watch: [],
  damaged: [dismiss],
  lock: [dismiss],
  defect: [dismiss],
  settings: [],
  unknown: [],
};

/** @param mission the one that the alert is about, if it is still there */
export function choicesOf(alert: AlertMessage, mission: MissionMessage | null): readonly Choice[] {
  return CHOICES[alert.kind].flatMap((make) => make(alert, mission) ?? []);
}

function removeEverywhere({ servers }: AlertMessage): Choice {
  const all = servers.length === 0 ? 'all that this entry held' : someOf(servers, 12);
  return dangerous(
    'Remove everywhere…',
    { do: 'resolve', answer: 'remove' },
    {
      title:
        servers.length === 0
          ? 'Sign out everywhere?'
          : `Remove ${plural(servers.length, 'server')} everywhere?`,
      paragraphs: [
        `This signs out of ${all} in the global entry and in every mission.`,
        'The journal keeps what is removed for 30 days, encrypted, on this computer.',
      ],
      addressesIn: null,
      action: 'Remove everywhere',
    },
  );
}

function acceptAddress({ servers, message }: AlertMessage): Choice {
  const whose = servers.length === 0 ? 'this server' : someOf(servers, 3);
  return dangerous(
    'Accept the change…',
    { do: 'resolve', answer: 'accept' },
    {
      title: `Send the sign-in of ${whose} somewhere else?`,
      paragraphs: [
        message,
        `Whoever runs the new address gets the token of ${whose}, and can use your account with it. All missions take over the change.`,
        `Accept it only if you know that ${whose} has moved. If in doubt, keep ours: nothing is lost, and you can sign in again at any time.`,
      ],
      addressesIn: message,
      action: 'Accept the change',
    },
  );
}

function openMission(_: AlertMessage, mission: MissionMessage | null): Choice | null {
  return mission && plain('Open mission', { do: 'open', missionId: mission.id });
}

function stopMission(_: AlertMessage, mission: MissionMessage | null): Choice | null {
  if (mission === null || !runActionsOf(mission, null).includes('stop')) return null;
  return dangerous(
    'Stop…',
    { do: 'stop', missionId: mission.id },
    {
      title: `Stop “${displayName(mission)}”?`,
      paragraphs: [
        'Its Claude is ended. Its work and its conversation stay: you can resume it later.',
      ],
      addressesIn: null,
      action: 'Stop',
    },
  );
}

function dismiss(): Choice {
  return answer('Dismiss', 'dismiss');
}

function answer(label: string, what: AlertAnswer): Choice {
  return plain(label, { do: 'resolve', answer: what });
}

function plain(label: string, act: Act): Choice {
  return { label, act, variant: 'plain', ask: null };
}

function dangerous(label: string, act: Act, ask: Question): Choice {
  return { label, act, variant: 'danger', ask };
}
