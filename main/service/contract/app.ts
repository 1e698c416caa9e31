/**
 * What the app's window and its main process say to each other: one state that is pushed, commands that
 * are invoked. Nothing here carries a secret, and no command takes a command line: the page names things
 * that the state lists; only a new mission's repository and prompt are the user's own words. Imports zod
 * and the rest of the contract, nothing else.
 */
import { z } from 'zod';
import { alertAnswers, resyncResultSchema, snapshotSchema } from './engine.ts';
import { logFilterSchema, logLineSchema } from './log.ts';
import { idSchema, makingSchema, missionCommands, outputPush } from './missions.ts';
import { pathSettingSchema, settingChangeSchema, settingsSchema } from './settings.ts';

/** How the app stands to the engine. */
export const connectionSchema = z.discriminatedUnion('status', [
  /** First start: nothing is synced before the user has read what will happen. */
  z.object({ status: z.literal('waiting') }),
  z.object({ status: z.literal('starting') }),
  /** The engine runs in this process. */
  z.object({ status: z.literal('own') }),
  /** Another process holds the engine; the app shows that one and takes over when it ends. */
  z.object({ status: z.literal('other'), pid: z.number().nullable() }),
  /** What is wrong and what to do; it is tried again by itself. */
  z.object({ status: z.literal('failed'), message: z.string() }),
]);
export type Connection = z.infer<typeof connectionSchema>;

/** What a first start found. */
export const discoverySchema = z.object({
  agencDir: z.string(),
  agencDirExists: z.boolean(),
  missions: z.number(),
  running: z.number(),
  globalConfigDir: z.string(),
  globalEntry: z.enum(['found', 'absent', 'unavailable']),
  /** Why it is unavailable. */
  globalDetail: z.string().nullable(),
  servers: z.array(z.string()),
  store: z.enum(['file', 'security', 'keytar']),
  storePlace: z.string(),
  /** Other folders that look like config directories; the page names them by `id`. */
  candidates: z.array(
    z.object({ id: z.string(), folder: z.string(), servers: z.number(), attached: z.boolean() }),
  ),
});
export type Discovery = z.infer<typeof discoverySchema>;

export const appStateSchema = z.object({
  /** Grows with every push; the page drops what is older than what it has. */
  revision: z.number(),
  version: z.string(),
  platform: z.enum(['darwin', 'linux', 'win32']),
  presentation: z.enum(['popover', 'window']),
  connection: connectionSchema,
  /** The last that is known; `null` before the first. */
  snapshot: snapshotSchema.nullable(),
  /** A force resync is under way: of all (`'*'`) or of one mission. */
  resyncing: z.string().nullable(),
  /** Missions that are being made, and those that could not be. */
  making: z.array(makingSchema),
  /** Repositories that missions were made of, as one would type them; the latest first. */
  recentRepos: z.array(z.string()),
  /** The server whose sign-in waits for its page in the browser. */
  signingIn: z.string().nullable(),
  /** A token for missions is kept; never which. */
  hasOauthToken: z.boolean(),
  settings: z.object({
    path: z.string(),
    values: settingsSchema,
    /** What in the file could not be used. */
    problems: z.array(z.string()),
    /** AGENC_BAR_STORE decides; the file does not. */
    storeFromEnvironment: z.boolean(),
  }),
  loginItem: z.enum(['on', 'off', 'requires-approval', 'unsupported']),
  discovery: discoverySchema.nullable(),
});
export type AppState = z.infer<typeof appStateSchema>;

const nothing = z.object({});
const missionId = z.object({ missionId: idSchema });

export const links = ['mcp-help', 'agenc', 'login-items', 'licences'] as const;
export const places = ['missions', 'servers', 'log', 'settings'] as const;
export type Place = (typeof places)[number];

/** Every command of the page: what it takes and what it gives. One without a handler does not compile. */
export const appCommands = {
  state: { params: nothing, result: appStateSchema },
  /** Consent on the first start: from now on the engine runs. */
  start: { params: nothing, result: nothing },
  /** Tries to start the engine at once, instead of at the next try. */
  retry: { params: nothing, result: nothing },
  resync: {
    params: z.object({ missionId: idSchema.optional() }),
    result: z.object({ missions: z.array(resyncResultSchema) }),
  },
  resolve: {
    params: z.object({ alertId: idSchema, answer: z.enum(alertAnswers) }),
    result: nothing,
  },
  pause: { params: z.object({ paused: z.boolean() }), result: nothing },
  /** Asks for a folder, or takes one that the discovery listed. `missionId`: `null` if the user cancelled. */
  attach: {
    params: z.object({ candidateId: idSchema.optional() }),
    result: z.object({ missionId: z.string().nullable() }),
  },
  detach: { params: missionId, result: nothing },
  openMissionFolder: { params: missionId, result: nothing },
  /** `null`: the global entry's hash. */
  copyHash: { params: z.object({ missionId: idSchema.nullable() }), result: nothing },
  changeSetting: { params: settingChangeSchema, result: nothing },
  /** Asks for a folder or program. `changed`: false if the user cancelled. */
  chooseSetting: {
    params: z.object({ key: pathSettingSchema }),
    result: z.object({ changed: z.boolean() }),
  },
  /** Back to the default. */
  resetSetting: { params: z.object({ key: pathSettingSchema }), result: nothing },
  openSettingsFile: { params: nothing, result: nothing },
  /**
   * Opens the log, or reads on in it: pages from the newest to the oldest, each in order of time.
   * `before`: the `id` of the oldest line that the page has; `null` opens it anew, and from then on
   * new lines are pushed until `closeLog`.
   */
  readLog: {
    params: z.object({ before: z.number().nullable() }),
    result: z.object({ lines: z.array(logLineSchema), more: z.boolean() }),
  },
  closeLog: { params: nothing, result: nothing },
  /** Asks where to, and writes what the filter lets through. `lines`: `null` if the user cancelled. */
  exportLog: {
    params: logFilterSchema,
    result: z.object({ lines: z.number().nullable() }),
  },
  openLink: { params: z.object({ link: z.enum(links) }), result: nothing },
  /** The same page in a normal window, or back in the popover. */
  present: { params: z.object({ as: z.enum(['popover', 'window']) }), result: nothing },
  hide: { params: nothing, result: nothing },
  ...missionCommands,
  quit: { params: nothing, result: nothing },
} as const;

export type AppCommandName = keyof typeof appCommands;
export type AppCommandParams<C extends AppCommandName> = z.input<(typeof appCommands)[C]['params']>;
export type AppCommandResult<C extends AppCommandName> = z.output<
  (typeof appCommands)[C]['result']
>;

/** How the answer to a command crosses to the page: what failed is told in words, never as a stack. */
export type AppAnswer<C extends AppCommandName> =
  | { readonly ok: true; readonly value: AppCommandResult<C> }
  | { readonly ok: false; readonly message: string };

/** What main pushes to the page. A channel that is not here cannot be sent on. */
export const appPushes = {
  state: appStateSchema,
  log: z.object({ lines: z.array(logLineSchema) }),
  output: outputPush,
  /** Show a place; `missionId`: the mission it is about, or `alertId` the alert. */
  navigate: z.object({
    place: z.enum(places),
    missionId: z.string().nullable(),
    alertId: z.string().nullable(),
  }),
} as const;
export type AppPushName = keyof typeof appPushes;
export type AppPush<P extends AppPushName> = z.output<(typeof appPushes)[P]>;

/** `window.agencBar`: all that the page can reach. */
export interface AgencBarBridge {
  invoke<C extends AppCommandName>(name: C, params: AppCommandParams<C>): Promise<AppAnswer<C>>;
  /** @returns its own unsubscribe */
  on<P extends AppPushName>(name: P, listener: (message: AppPush<P>) => void): () => void;
}
