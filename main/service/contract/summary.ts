/** One sentence on the whole, alike in the tray, the window and a tooltip. Pure. */
import type { Connection } from './app.ts';
import type { MissionMessage, ServerMessage, Snapshot } from './engine.ts';

export type Tone = 'good' | 'busy' | 'attention' | 'paused' | 'idle';

export interface Summary {
  readonly tone: Tone;
  readonly sentence: string;
}

/** Why a mission needs its user, or `null`. */
export type Need = 'unreadable' | 'vanished' | 'sign-in' | 'differs';

/** What a mission needs of its user, the gravest first. A stopped one is brought up to date at its next start. */
export function needOf(mission: MissionMessage, busy: boolean): Need | null {
  if (mission.trouble !== null) return 'unreadable';
  if (mission.held.length > 0) return 'vanished';
  if (mission.state === 'stopped') return null;
  if (signInsOf(mission).length > 0) return 'sign-in';
  return mission.inSync || busy ? null : 'differs';
}

/** Names of the servers that need a sign-in. */
export function signInsOf({ servers }: Pick<MissionMessage, 'servers'>): string[] {
  return servers.filter(needsSignIn).map(({ name }) => name);
}

/** Whether a server's sign-in was rejected, to a client or to the engine, or is over and cannot be renewed. */
export function needsSignIn({
  status,
  refreshTrouble,
}: Pick<ServerMessage, 'status' | 'refreshTrouble'>): boolean {
  return status === 'invalidated' || status === 'ended' || refreshTrouble === 'needs-sign-in';
}

export function summaryOf(state: {
  readonly connection: Connection;
  readonly snapshot: Snapshot | null;
  readonly resyncing: string | null;
}): Summary {
  const { connection, snapshot } = state;
  if (connection.status === 'failed') return attention('The engine is not running');
  if (connection.status === 'waiting') return { tone: 'idle', sentence: 'Not started yet' };
  if (snapshot === null || connection.status === 'starting')
    return { tone: 'busy', sentence: 'Starting…' };
  if (snapshot.activity.paused) return { tone: 'paused', sentence: 'Syncing is paused' };

  // Graver than anything that a mission may lack.
  const isTampered = snapshot.alerts.some(({ kind }) => kind === 'tampering');
  if (isTampered) return attention('Tampering found');

  const busy = snapshot.activity.busy || state.resyncing !== null;
  const ill = snapshot.missions.filter((mission) => needOf(mission, busy) !== null);
  if (snapshot.global.trouble !== null) return attention('Global entry unreadable');
  if (ill.length > 0) {
    return attention(
      ill.length === 1 ? '1 mission needs attention' : `${ill.length} missions need attention`,
    );
  }
  if (snapshot.alerts.length > 0) {
    const count = snapshot.alerts.length;
    return attention(count === 1 ? '1 thing needs attention' : `${count} things need attention`);
  }
  if (busy) return { tone: 'busy', sentence: 'Syncing…' };

  const running = snapshot.missions.filter(({ state: one }) => one !== 'stopped').length;
  if (snapshot.missions.length === 0) return { tone: 'idle', sentence: 'No missions yet' };
  if (running === 0) return { tone: 'good', sentence: 'No mission is running' };
  return {
    tone: 'good',
    sentence: running === 1 ? '1 mission in sync' : `All ${running} missions in sync`,
  };
}

function attention(sentence: string): Summary {
  return { tone: 'attention', sentence };
}
