import type { Digest } from '../credentials/digest.ts';
import type { FieldId } from '../credentials/fields.ts';

export type Direction = 'up' | 'down';

/** What an engine reports while it works. Times are ms since the epoch; nothing here is secret. */
export type EngineEvent =
  | {
      readonly event: 'sync';
      readonly at: number;
      readonly direction: Direction;
      /** The mission that acquired the change (`up`) or received it (`down`). */
      readonly missionId: string;
      /** What changed; a name may be that of several. */
      readonly fields: readonly FieldId[];
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
    }
  | ({ readonly event: 'refresh'; readonly at: number } & RefreshStory);

/** One refresh of a server's token, told at its end. */
export interface RefreshStory {
  /** The server's name, and its key in `mcpOAuth`. */
  readonly server: string;
  readonly key: string;
  readonly by: 'client' | 'engine';
  /** Whose client it was; `null`: a plain claude's, or the engine. */
  readonly missionId: string | null;
  /** Fingerprints of the value before and after: the first 8 hex digits of its digest; `null` where unknown. */
  readonly from: string | null;
  readonly to: string | null;
  /** Who got the new value how long after it was noticed; `null`: the global entry. */
  readonly receivers: readonly {
    readonly missionId: string | null;
    readonly durationMs: number;
  }[];
  /**
   * - `unchanged`: nothing came of it, and nothing was lost.
   * - `timeout`: no result in the time that others are kept waiting.
   * - `rejected`: the server refused; a sign-in is needed unless somebody has a newer token.
   */
  readonly outcome: 'refreshed' | 'unchanged' | 'timeout' | 'rejected';
  /** Why nothing better came of it, where that is known. */
  readonly detail?: string;
}

export type AlertKind =
  | 'wipe'
  | 'tampering'
  | 'replaced'
  | 'hostile'
  | 'full'
  | 'unavailable'
  | 'conflict'
  | 'broadcast'
  | 'note'
  | 'state'
  | 'log'
  | 'refresh'
  | 'watch'
  | 'damaged'
  | 'lock'
  | 'defect'
  | 'settings';

/** What the user says to an alert; the contract says which kind takes which. */
export type AlertAnswer = 'restore' | 'remove' | 'keep' | 'accept' | 'former' | 'dismiss';

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
