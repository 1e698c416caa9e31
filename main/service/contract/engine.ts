/**
 * What the engine shows and takes: the one contract behind `--json`, the control socket and the app.
 * Nothing here carries a secret. Imports zod and the rest of the contract, nothing else.
 */
import { z } from 'zod';
import { leftoverSchema } from './missions.ts';

/** One of some words. The set may grow: what this version does not know is `unknown`, and hides nothing else. */
function word<const W extends readonly string[]>(words: W) {
  return z
    .string()
    .transform((said): W[number] | 'unknown' => (words.includes(said) ? said : 'unknown'));
}

const isoTime = z.iso.datetime();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const fingerprint = z.string().regex(/^[0-9a-f]{8}$/);
const storeKind = word(['file', 'security', 'keytar']);

/** One MCP server of an entry. */
export const serverSchema = z.object({
  key: z.string(),
  name: z.string(),
  /** `ended`: its token is over, and nothing renews it. `invalidated`: its refresh was refused. */
  status: word(['usable', 'ended', 'registered', 'invalidated']),
  /** ms since the epoch; `null` where the entry does not say. */
  expiresAt: z.number().nullable(),
  /** When its tokens were last renewed, by a refresh or a sign-in; `null`: not since the engine started. */
  refreshedAt: isoTime.nullable(),
  /** By whom: `engine`, a mission's client (its id), or a plain claude (`global`); `null`: unknown. */
  refreshedBy: z.string().nullable(),
  /** When the engine will refresh it; `null`: it will not. */
  nextRefreshAt: isoTime.nullable(),
  /** Why the engine does not: it was refused for good, or could not; then the client will try at its next use. */
  refreshTrouble: z.enum(['needs-sign-in', 'left-to-client']).nullable().catch(null),
});
export type ServerMessage = z.infer<typeof serverSchema>;

/**
 * - `wipe`: answered by "restore" or "remove" · `conflict`: by "dismiss"
 * - `tampering`: known tokens, but they are to be sent elsewhere than where they were issued; not carried,
 *   not used. Answered by "keep" (ours) or "accept" (send them there)
 * - `replaced`: a usable sign-in of all was replaced, by one at another authorization server or by one that
 *   then failed. Answered by "former" (put the former one back everywhere) or "dismiss"
 * - `hostile`: a mission does what no client does (too large, too often, odd files); goes away with its cause
 * - `full`: the global entry has no room for what a mission has, whoever filled it; goes away with its cause
 * - `unavailable` (an entry), `broadcast` (the file), `note` (a client's, that it needs a sign-in), `state` (what was
 *   agreed on), `log` (the sync log), `refresh` (new tokens), `watch` (a folder), `settings`: something cannot be read
 *   or written, or is wrong; each goes away with its cause
 * - `damaged`: a file of ours was put aside · `lock`: two engines could run · `defect`: a fault of ours, which also goes
 *   away by itself. All three are answered by "dismiss"
 */
export const alertKinds = [
  'wipe',
  'tampering',
  'replaced',
  'hostile',
  'full',
  'unavailable',
  'conflict',
  'broadcast',
  'note',
  'state',
  'log',
  'refresh',
  'watch',
  'damaged',
  'lock',
  'defect',
  'settings',
] as const;

export const alertAnswers = ['restore', 'remove', 'keep', 'accept', 'former', 'dismiss'] as const;

export const alertSchema = z.object({
  id: z.string(),
  kind: word(alertKinds),
  /** `null`: about the global entry or the engine itself. */
  missionId: z.string().nullable(),
  /** What happened, why, what to do. */
  message: z.string(),
  servers: z.array(z.string()),
  at: isoTime,
});
export type AlertMessage = z.infer<typeof alertSchema>;

/** A run under a wrapper of ours. */
export const runSchema = z.object({
  mode: z.enum(['interactive', 'headless']),
  phase: z.enum(['starting', 'running', 'restart-pending', 'restarting', 'stopping', 'ended']),
  activity: z.enum(['idle', 'busy']),
  /** Claude waits for an answer of the user's. */
  attention: z.boolean(),
  startedAt: isoTime,
  /** Once it has ended: 0, or what went wrong with Claude or the write-back, as a shell has it. */
  exitCode: z.number().nullable(),
});
export type RunMessage = z.infer<typeof runSchema>;

export const missionSchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['agenc', 'attached']),
  state: z.enum(['running', 'stopped', 'attached']),
  configDir: z.string(),
  repo: z.string().nullable(),
  /** The credential hash, or `null` where there is no entry or it cannot be read. */
  hash: hash.nullable(),
  /**
   * The run that is going on, or else the last one as far as the engine saw its end. `null`: none, or
   * under another program's wrapper.
   */
  run: runSchema.nullable(),
  /** It runs on the global entry itself: hash, servers and trouble are that one's, and nothing is synced. */
  shared: z.boolean(),
  /** A reconcile would change nothing. */
  inSync: z.boolean(),
  /** Names of the servers that vanished and wait for the user's answer. */
  held: z.array(z.string()),
  lastSyncAt: isoTime.nullable(),
  servers: z.array(serverSchema),
  /** Why the entry cannot be read, if so; hash and servers are then what was last known. */
  trouble: z.string().nullable(),
  /** When hash and servers were read. */
  seenAt: isoTime.nullable(),
});
export type MissionMessage = z.infer<typeof missionSchema>;

export const snapshotSchema = z.object({
  engine: z.object({ running: z.boolean(), pid: z.number().nullable(), store: storeKind }),
  /** `paused`: by the user. `busy`: something is being reconciled just now. `starting`: not all was looked at yet. */
  activity: z.object({ paused: z.boolean(), busy: z.boolean(), starting: z.boolean().optional() }),
  agencDir: z.string(),
  global: z.object({
    configDir: z.string(),
    hash: hash.nullable(),
    lastBroadcastAt: isoTime.nullable(),
    servers: z.array(serverSchema),
    trouble: z.string().nullable(),
    seenAt: isoTime.nullable(),
  }),
  missions: z.array(missionSchema),
  alerts: z.array(alertSchema),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** What a running engine pushes whenever something changed: all it knows, without reading anything for it. */
export const liveSnapshotSchema = z.object({
  /** Grows by at least one with each; tells a newer from an older. */
  revision: z.number(),
  snapshot: snapshotSchema,
});
export type LiveSnapshot = z.infer<typeof liveSnapshotSchema>;

/** One line of `sync --json`, and of the sync log. */
export const eventSchema = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('ready'),
    at: isoTime,
    pid: z.number(),
    store: storeKind,
    agencDir: z.string(),
    missions: z.number(),
    running: z.number(),
  }),
  z.object({
    event: z.literal('sync'),
    at: isoTime,
    direction: z.enum(['up', 'down']),
    missionId: z.string(),
    servers: z.array(z.string()),
    /** In the sync log only: so many more, where there are too many for a line. */
    more: z.number().optional(),
    hash: hash.nullable(),
    durationMs: z.number(),
  }),
  /** `timestamp`: Unix seconds, as in the broadcast file. */
  z.object({ event: z.literal('broadcast'), at: isoTime, timestamp: z.number() }),
  alertSchema.extend({ event: z.literal('alert'), more: z.number().optional() }),
  z.object({ event: z.literal('resolved'), at: isoTime, id: z.string() }),
  z.object({
    event: z.literal('mission'),
    at: isoTime,
    missionId: z.string(),
    change: z.enum(['added', 'started', 'stopped', 'removed']),
  }),
  /** One refresh of a server's token, told at its end. */
  z.object({
    event: z.literal('refresh'),
    at: isoTime,
    server: z.string(),
    key: z.string(),
    by: z.enum(['client', 'engine']),
    /** Whose client it was; `null`: a plain claude's, or the engine. */
    missionId: z.string().nullable(),
    /** The first 8 hex digits of the value's digest before and after; `null` where unknown. */
    from: fingerprint.nullable(),
    to: fingerprint.nullable(),
    /** Who got the new value how long after it was noticed; `null`: the global entry. */
    receivers: z.array(z.object({ missionId: z.string().nullable(), durationMs: z.number() })),
    /** `unchanged`: nothing came of it. `timeout`: no result while others could be kept waiting. */
    outcome: z.enum(['refreshed', 'unchanged', 'timeout', 'rejected']),
    /** Why nothing better came of it, where that is known. */
    detail: z.string().optional(),
  }),
  z.object({ event: z.literal('stopped'), at: isoTime }),
  /**
   * In the sync log only: so many lines are missing here, for they came faster than the disk took them, or were
   * more than the share of the mission that they tell of.
   */
  z.object({
    event: z.literal('dropped'),
    at: isoTime,
    lines: z.number(),
    missionId: z.string().optional(),
  }),
  /** To a follower only, as its last: it read more slowly than things happened. It may follow anew. */
  z.object({ event: z.literal('cut-off'), at: isoTime }),
]);
export type EventMessage = z.infer<typeof eventSchema>;

/** What a force resync did to one mission. */
export const resyncResultSchema = z.object({
  missionId: z.string(),
  /** `busy`: somebody keeps its lock; it follows by itself. */
  status: z.enum(['done', 'moved', 'busy', 'malformed', 'unavailable', 'stopped']),
  up: z.array(z.string()),
  down: z.array(z.string()),
  hash: hash.nullable(),
});
export type ResyncMessage = z.infer<typeof resyncResultSchema>;

export const journalItemSchema = z.object({
  id: z.string(),
  at: isoTime,
  name: z.string(),
  field: z.string(),
  digest: z.string(),
  /** `refreshed`: replaced by what looks like its successor in the same sign-in, so most likely spent. */
  reason: z.enum(['replaced', 'removed', 'restored-over', 'refreshed']),
  missionId: z.string().nullable(),
});

const nothing = z.object({});

/** Every command: what it takes and what it gives. A command without a handler does not compile. */
export const commands = {
  status: { params: nothing, result: snapshotSchema },
  /** Reads the entries of stopped missions, which nobody follows; what is pushed then shows them. */
  look: { params: nothing, result: nothing },
  resync: {
    /** `heal`: usable values replace those that became unusable; so it is unless `false` is said. */
    params: z.object({ missionId: z.string().optional(), heal: z.boolean().optional() }),
    result: z.object({ missions: z.array(resyncResultSchema) }),
  },
  resolve: {
    params: z.object({ alertId: z.string(), answer: z.enum(alertAnswers) }),
    result: nothing,
  },
  /** Pausing lasts until it is taken back or the engine ends; nothing is written meanwhile. */
  pause: { params: z.object({ paused: z.boolean() }), result: nothing },
  journal: {
    params: nothing,
    result: z.object({ items: z.array(journalItemSchema), damaged: z.array(z.string()) }),
  },
  restore: { params: z.object({ id: z.string() }), result: journalItemSchema },
  /** What a wrapper asks for at a mission's start and at its end. */
  clone: { params: z.object({ id: z.string() }), result: nothing },
  writeBack: { params: z.object({ id: z.string() }), result: nothing },
  attach: {
    params: z.object({ folder: z.string(), name: z.string().optional() }),
    result: missionSchema,
  },
  detach: { params: z.object({ id: z.string() }), result: nothing },
  findLeftovers: {
    params: nothing,
    /** `unknown`: why the keychain's items could not be listed, if so. */
    result: z.object({ leftovers: z.array(leftoverSchema), unknown: z.string().nullable() }),
  },
  removeLeftovers: { params: z.object({ ids: z.array(z.string()) }), result: nothing },
  remove: {
    /** `deleteWork`: also the mission's `agent/` folder, with whatever is not pushed. */
    params: z.object({ id: z.string(), deleteWork: z.boolean().optional() }),
    /** `kept`: the work folder that was left, because something is in it. */
    result: z.object({ removed: z.string(), kept: z.string().nullable() }),
  },
} as const;

export type CommandName = keyof typeof commands;
export type CommandParams<C extends CommandName> = z.input<(typeof commands)[C]['params']>;
export type CommandResult<C extends CommandName> = z.output<(typeof commands)[C]['result']>;
export type CommandHandlers = {
  [C in CommandName]: (params: CommandParams<C>) => Promise<CommandResult<C>>;
};

/** How a command's failure crosses the control socket. */
export const failureSchema = z.object({ error: z.string(), exitCode: z.number() });
