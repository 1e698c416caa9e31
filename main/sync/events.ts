import type { Digest } from '../credentials/digest.ts';

export type Direction = 'up' | 'down';

/** What an engine reports while it works. Times are ms since the epoch; nothing here is secret. */
export type EngineEvent =
  | {
      readonly event: 'sync';
      readonly at: number;
      readonly direction: Direction;
      /** The mission that acquired the change (`up`) or received it (`down`). */
      readonly missionId: string;
      /** Names of the servers (or other fields) that changed. */
      readonly servers: readonly string[];
      /** The credential hash of the entry that was written; `null` if it is empty now. */
      readonly hash: Digest | null;
      /** From noticing the change to the verified write. */
      readonly durationMs: number;
    }
  /** `timestamp`: Unix seconds, as in the broadcast file. */
  | { readonly event: 'broadcast'; readonly at: number; readonly timestamp: number }
  | ({ readonly event: 'alert'; readonly at: number } & AlertText)
  /** An alert's cause is gone. */
  | { readonly event: 'resolved'; readonly at: number; readonly id: string }
  | {
      readonly event: 'mission';
      readonly at: number;
      readonly missionId: string;
      readonly change: 'added' | 'started' | 'stopped' | 'removed';
    };

export type AlertKind =
  | 'wipe'
  | 'unavailable'
  | 'conflict'
  | 'broadcast'
  | 'state'
  | 'watch'
  | 'settings';

export interface AlertText {
  readonly id: string;
  readonly kind: AlertKind;
  /** `null`: about the global entry, or about the engine itself. */
  readonly missionId: string | null;
  /** What happened, why, what to do. */
  readonly message: string;
  readonly servers: readonly string[];
}

export interface Alert extends AlertText {
  readonly at: number;
}

export type Emit = (event: EngineEvent) => void;
