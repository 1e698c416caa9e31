import { z } from 'zod';

/**
 * The hooks of Claude's that report to the wrapper. `StopFailure` is the end of a turn that the API refused;
 * clients before 2.1.78 do not know it.
 */
export const HOOK_EVENTS = ['Stop', 'StopFailure', 'UserPromptSubmit', 'Notification'] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

export const wrapperStatusSchema = z.object({
  missionId: z.string().max(1_024),
  /** The wrapper's own process, and Claude's (that of `op`, where there are secrets). */
  pid: z.number(),
  claudePid: z.number().nullable(),
  mode: z.enum(['interactive', 'headless']),
  phase: z.enum(['starting', 'running', 'restart-pending', 'restarting', 'stopping', 'ended']),
  activity: z.enum(['idle', 'busy']),
  attention: z.boolean(),
  /** ISO times of the wrapper's start, and of the current Claude's. */
  startedAt: z.iso.datetime(),
  claudeStartedAt: z.iso.datetime().nullable(),
  /** What the wrapper ends with; `null` until it has written back. */
  exitCode: z.number().nullable(),
});

/** What a wrapper tells of itself. */
export type WrapperStatus = z.infer<typeof wrapperStatusSchema>;

/**
 * A wrapper's commands: `POST /<name>` with the parameters as JSON. Each answers with the status after it.
 * `GET /status` streams the status as JSON lines: at once, and at every change.
 */
export const wrapperCommands = {
  status: { params: z.object({}), result: wrapperStatusSchema },
  /** `graceful` waits until Claude is idle. */
  restart: {
    params: z.object({ mode: z.enum(['graceful', 'hard']) }),
    result: wrapperStatusSchema,
  },
  /** Answers at once; the mission has stopped when its `pid` file is gone. */
  stop: { params: z.object({}), result: wrapperStatusSchema },
  hook: {
    params: z.object({
      event: z.enum(HOOK_EVENTS),
      /** Of a `Notification`: `permission_prompt`, `idle_prompt`, … */
      notificationType: z.string().max(64).optional(),
    }),
    result: wrapperStatusSchema,
  },
} as const;

export type WrapperCommand = keyof typeof wrapperCommands;
export type WrapperParams<C extends WrapperCommand> = z.input<
  (typeof wrapperCommands)[C]['params']
>;
export type WrapperHandlers = {
  readonly [C in WrapperCommand]: (
    params: z.output<(typeof wrapperCommands)[C]['params']>,
  ) => WrapperStatus;
};

/** How a command's failure crosses the socket. */
export const wrapperFailureSchema = z.object({ error: z.string() });
