import type { ServerSummary } from '../credentials/serverState.ts';

/** A credential directory that takes part: the global one (`missionId: null`), or a running mission's. */
export interface RefreshPlace {
  readonly missionId: string | null;
  readonly folder: string;
}

/** What a fence must know of the engine; none of it reads an entry but `takeIn`. */
export interface RefreshView {
  /** The global directory and those of all running missions. */
  readonly places: () => readonly RefreshPlace[];
  /** Whether some running mission keeps its credentials in the global entry, and so is no place of its own. */
  readonly isShared: () => boolean;
  /** The servers of an entry, as last seen. */
  readonly serversOf: (missionId: string | null) => readonly ServerSummary[];
  /** The digest of a server's value on which a place and the others last agreed. */
  readonly digestOf: (missionId: string | null, serverKey: string) => string | null;
  /**
   * Names what all have of a server on which a refresh depends, its client's secret included; another name as
   * soon as anything of that is another.
   */
  readonly versionOf: (serverKey: string) => string;
  /** Looks at what may have changed in those that have a server; resolves when all that follows is everywhere. */
  readonly takeInAll: (serverKey: string) => Promise<void>;
  /** Looks at an entry and resolves when all that follows from it is everywhere. */
  readonly takeIn: (missionId: string | null) => Promise<void>;
  /** Gives an entry the usable values that the others have in place of its unusable ones. */
  readonly heal: (missionId: string | null) => Promise<void>;
}
