import type { Clock } from '../system/clock.ts';
import type { WrappedMission } from './childCommand.ts';
import type { SignalSource } from './signals.ts';

export type WrapperMode =
  /** `prompt`: what Claude starts with; a terminal program can be given it in its arguments only. */
  | { readonly kind: 'interactive'; readonly prompt?: string }
  /** `prompt` goes to Claude through its stdin, and nowhere else. */
  | { readonly kind: 'headless'; readonly prompt: string; readonly timeoutMs?: number };

/** What a wrapper is to run, and with what. */
export interface WrapperOptions {
  readonly mission: WrappedMission;
  /** From `findClaude`. */
  readonly claude: string;
  readonly mode: WrapperMode;
  /** Whether Claude goes on with the mission's last conversation. */
  readonly resume: boolean;
  /** The user's. */
  readonly env: NodeJS.ProcessEnv;
  /** `cache/oauth-token` */
  readonly tokenPath: string;
  readonly credentials: Credentials;
  /** The global config directory, if Claude is to use that one's entry instead of the mission's own. */
  readonly sharedDir?: string | null;
  /** The digest of the `secrets.env` that the user has approved; any other is left out, with a word. */
  readonly approvedSecrets?: string | null;
  /** The mission is this wrapper's from here on. */
  readonly onClaimed?: () => void;
  /** Takes a line for people; stderr unless given. */
  readonly tell?: (line: string) => void;
  readonly limits?: Partial<WrapperLimits>;
  readonly clock?: Clock;
  readonly signals?: SignalSource;
}

/** The reconcile at a mission's start and at its end. */
export interface Credentials {
  clone(): Promise<void>;
  writeBack(): Promise<void>;
}

export interface WrapperLimits {
  /** How long Claude may take to end before it is killed. */
  readonly graceMs: number;
  /** How long a clone or a write-back may take: a locked keychain can wait for its user for ever. */
  readonly credentialsMs: number;
  /** At which size `claude-output.log` is rotated. */
  readonly outputBytes: number;
}

export const LIMITS: WrapperLimits = {
  graceMs: 30_000,
  credentialsMs: 60_000,
  outputBytes: 10 * 1024 * 1024,
};
