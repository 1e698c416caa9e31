import type {
  MissionMessage,
  RunMessage,
  ServerMessage,
} from '../../main/service/contract/engine.ts';
import { needOf, needsSignIn, signInsOf } from '../../main/service/contract/summary.ts';
import type { Asked } from '../state/runs.ts';
import { expiry, msOf, span } from '../text/time.ts';
import { listed, plural, shortPath, shortRepo, someOf } from '../text/words.ts';
import type { Shape } from '../ui/StateShape.tsx';

/** How a mission stands, in a few words. */
export interface MissionStatus {
  readonly tone: 'good' | 'attention' | 'bad' | 'idle';
  readonly shape: Shape;
  readonly text: string;
  /** Since when (ms since the epoch), for what is watched while it lasts: "headless, 3 min". */
  readonly since?: number | null;
  /** What it means and what to do; `null` where the text says it all. */
  readonly detail: string | null;
}

/**
 * What is wrong with its credentials comes before what its Claude does.
 * @param busy something is being reconciled just now: what differs may not for long
 * @param asked what the user asked of it a moment ago
 */
export function statusOf(
  mission: MissionMessage,
  busy: boolean,
  asked: Asked | null = null,
): MissionStatus {
  if (asked !== null) return underWay(`${asked}…`);
  switch (needOf(mission, busy)) {
    case 'unreadable':
      return { tone: 'bad', shape: 'bad', text: 'cannot be read', detail: mission.trouble };
    case 'vanished': {
      const detail = `${listed(mission.held)} vanished here in a way no logout does. All others keep them until you answer the alert.`;
      return { tone: 'bad', shape: 'bad', text: `${mission.held.length} vanished`, detail };
    }
    case 'sign-in': {
      const names = signInsOf(mission);
      const detail = `Sign in to ${listed(names)} once, here or in any mission; all others then have it.`;
      const text = `needs sign-in: ${someOf(names, 1)}`;
      return { tone: 'attention', shape: 'attention', text, detail };
    }
    case 'differs': {
      const detail = 'It has not what all others have. A resync brings it in step.';
      return { tone: 'attention', shape: 'attention', text: 'differs', detail };
    }
    case null:
      return wellOf(mission);
  }
}

function wellOf({ state, inSync, run }: MissionMessage): MissionStatus {
  if (state === 'stopped') return stoppedOf(run);
  if (state === 'running' && run !== null) return runningOf(run);
  const shape = state === 'running' ? 'good' : 'attached';
  if (inSync) return { tone: 'good', shape, text: 'in sync', detail: null };
  return { tone: 'idle', shape, text: 'syncing…', detail: null };
}

function runningOf(run: RunMessage): MissionStatus {
  switch (run.phase) {
    case 'starting':
      return underWay('starting…');
    case 'restarting':
      return underWay('restarting…');
    case 'stopping':
    case 'ended':
      return underWay('stopping…');
    case 'restart-pending':
      return underWay('restarts when idle', 'Claude is at work; it starts anew once it is done.');
    case 'running':
      return run.mode === 'headless' ? headlessOf(run) : interactiveOf(run);
  }
}

function headlessOf({ startedAt }: RunMessage): MissionStatus {
  return { ...underWay('headless'), since: msOf(startedAt) };
}

function interactiveOf({ activity, attention }: RunMessage): MissionStatus {
  if (attention) {
    const detail = 'Claude waits for your answer, in its terminal.';
    return { tone: 'attention', shape: 'asks', text: 'needs you', detail };
  }
  return activity === 'busy'
    ? { tone: 'good', shape: 'working', text: 'busy', detail: null }
    : { tone: 'good', shape: 'good', text: 'idle', detail: null };
}

function stoppedOf(run: RunMessage | null): MissionStatus {
  if (run?.phase === 'starting') return underWay('starting…');
  const code = run?.phase === 'ended' ? run.exitCode : null;
  if (code !== null && code !== 0) {
    const text = `ended with exit code ${code}`;
    return { tone: 'attention', shape: 'attention', text, detail: null };
  }
  const isDone = code === 0 && run?.mode === 'headless';
  return { tone: 'idle', shape: 'stopped', text: isDone ? 'finished' : 'stopped', detail: null };
}

function underWay(text: string, detail: string | null = null): MissionStatus {
  return { tone: 'idle', shape: 'busy', text, detail };
}

/** How long something lasts by now: "< 1 min", "3 min". */
export function lasting(since: number, now: number): string {
  const ms = Math.max(0, now - since);
  return ms < 60_000 ? '< 1 min' : span(ms);
}

/** Where a mission works: its repo, or the folder of an attached one. */
export function placeOf({ repo, kind, configDir }: MissionMessage): string {
  if (repo !== null) return shortRepo(repo);
  return kind === 'attached' ? shortPath(configDir) : '';
}

/** "4 servers", or "no servers". */
export function serverCount(servers: readonly ServerMessage[]): string {
  return servers.length === 0 ? 'no servers' : plural(servers.length, 'server');
}

/** The sign-in that runs out first: "38 min"; `null` if none says when. */
export function nextExpiry(servers: readonly ServerMessage[], now: number): string | null {
  const times = servers.flatMap(({ status, expiresAt }) =>
    status === 'usable' && expiresAt !== null ? [expiresAt] : [],
  );
  const ahead = times.filter((time) => time > now);
  // Not Math.min(...ahead): very many arguments throw.
  if (ahead.length > 0)
    return expiry(
      ahead.reduce((one, two) => Math.min(one, two)),
      now,
    );
  return times.length === 0
    ? null
    : expiry(
        times.reduce((one, two) => Math.max(one, two)),
        now,
      );
}

/** How one server of a mission stands: "38 min", "needs sign-in". */
export function serverWords(server: ServerMessage, now: number): string {
  const { status, expiresAt } = server;
  if (needsSignIn(server)) return 'needs sign-in';
  if (status === 'registered') return 'never signed in';
  return expiresAt === null ? 'signed in' : expiry(expiresAt, now);
}

/** Whether what `expiry` says is a span that can be left. */
export function isSpan(text: string): boolean {
  return /\d/.test(text);
}
