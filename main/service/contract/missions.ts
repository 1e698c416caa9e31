/**
 * What the page and the main process say to each other about making, running and removing missions.
 * A prompt and the name of a repository are the user's own words; nothing else that the page sends is
 * free text. Imports zod and nothing else.
 */
import { z } from 'zod';

/** A mission that is being made, or that could not be. */
export const makingSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** As the user named it; `null`: an empty work folder. */
  repo: z.string().nullable(),
  /** What is done just now, in git's or our words. */
  detail: z.string(),
  /** Of the step, from 0 to 1; `null` where that is not known. */
  fraction: z.number().nullable(),
  /** Why it failed, in git's own words where it was git; stays until it is dismissed. */
  failure: z.string().nullable(),
});
export type Making = z.infer<typeof makingSchema>;

/** What a new mission does once it is made. */
export const firstRunSchema = z.enum(['none', 'terminal', 'headless']);
export type FirstRun = z.infer<typeof firstRunSchema>;

/** What would be lost with a mission's work folder. */
export const lostWorkSchema = z.object({
  /** One line each: "2 commits that no remote has: …". */
  lines: z.array(z.string()),
  /** Why it could not be found out; it must then be taken for something. */
  unknown: z.string().nullable(),
});
export type LostWorkMessage = z.infer<typeof lostWorkSchema>;

/** The course of a mission's runs, as its wrapper noted it. */
export const runNoteSchema = z.object({ at: z.iso.datetime(), text: z.string() });
export type RunNote = z.infer<typeof runNoteSchema>;

/** What removed missions and dead processes left behind; the page names one by its `id`. */
export const leftoverSchema = z.object({
  id: z.string(),
  kind: z.enum(['keychain-item', 'lock']),
  /** The item's name, or the lock's path. */
  what: z.string(),
});
export type LeftoverMessage = z.infer<typeof leftoverSchema>;

/** Longer than any id of ours; what is longer comes from nobody who means well. */
export const idSchema = z.string().max(1_024);
/** A path that the system takes, and a word before it. */
const leftoverId = z.string().max(8_192);

const nothing = z.object({});
const missionId = z.object({ missionId: idSchema });
const prompt = z.string().max(100_000);

/** Part of `appCommands`. */
export const missionCommands = {
  /** Asks for a folder. `repo`: its path, for the field that the user can also type into; `null` if cancelled. */
  chooseRepository: { params: nothing, result: z.object({ repo: z.string().nullable() }) },
  /**
   * Makes a mission; its progress is in the state. Answered at once.
   * `repo`: as people type it. `prompt`: what its first Claude starts with.
   */
  newMission: {
    params: z.object({
      name: z.string().max(200),
      repo: z.string().max(4_096).nullable(),
      prompt: prompt.nullable(),
      run: firstRunSchema,
    }),
    result: z.object({ makingId: z.string() }),
  },
  /** Ends one that is being made, nothing of it is left; takes a failed one off the list. */
  cancelMaking: { params: z.object({ makingId: idSchema }), result: nothing },
  /** In the user's terminal. `opened`: where, for people. */
  launch: {
    params: missionId.extend({ resume: z.boolean() }),
    result: z.object({ opened: z.string() }),
  },
  /** In the background; what Claude says is read with `readOutput`. */
  runHeadless: { params: missionId.extend({ prompt, resume: z.boolean() }), result: nothing },
  /** Answered once the mission has written back. */
  stopMission: { params: missionId, result: nothing },
  /** `graceful`: once Claude is idle. */
  restartMission: {
    params: missionId.extend({ mode: z.enum(['graceful', 'hard']) }),
    result: nothing,
  },
  /**
   * Signs in to a server once, for all missions: opens its page in the browser, and is answered when that
   * came to an end (`signingIn` in the state until then). `name`: the server's, as the state lists it.
   * `missionId`: in whose config it is looked up; `null`: any that knows it. What fails is told in words.
   */
  signIn: {
    params: z.object({ name: z.string().min(1).max(1_000), missionId: idSchema.nullable() }),
    result: z.object({
      outcome: z.enum(['signed-in', 'cancelled']),
      /** Names of running missions in which `/mcp reconnect NAME` may have to be typed. */
      reconnect: z.array(z.string()),
      /** Why it has not come to the others yet, if so. */
      warning: z.string().nullable(),
    }),
  },
  cancelSignIn: { params: nothing, result: nothing },
  /** What `removeMission` would lose. */
  lostWork: { params: missionId, result: lostWorkSchema },
  /** Stops it first, if it runs; its sign-ins are carried up, its folder is deleted. */
  removeMission: { params: missionId, result: nothing },
  /**
   * The end of what a headless Claude printed and of what the wrapper noted; what follows is pushed
   * (`output`) until `closeOutput`, or until another mission's is read.
   */
  readOutput: {
    params: missionId,
    result: z.object({
      /** `null`: it never ran headless. */
      output: z.string().nullable(),
      notes: z.array(runNoteSchema),
    }),
  },
  closeOutput: { params: nothing, result: nothing },
  /** Takes the token from the clipboard and empties that: no token ever passes through the page. */
  pasteToken: { params: nothing, result: nothing },
  removeToken: { params: nothing, result: nothing },
  findLeftovers: {
    params: nothing,
    result: z.object({ leftovers: z.array(leftoverSchema), unknown: z.string().nullable() }),
  },
  removeLeftovers: { params: z.object({ ids: z.array(leftoverId).max(100_000) }), result: nothing },
} as const;

/** Part of `appPushes`: what came after `readOutput`. */
export const outputPush = z.object({
  missionId: z.string(),
  /** Appended to what is there; `null`: nothing new. */
  output: z.string().nullable(),
  /** Appended likewise. */
  notes: z.array(runNoteSchema),
});
