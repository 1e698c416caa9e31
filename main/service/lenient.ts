import type { z } from 'zod';
import { isoTime } from '../system/isoTime.ts';
import {
  type AlertMessage,
  alertSchema,
  type CommandName,
  type CommandResult,
  commands,
  type LiveSnapshot,
  liveSnapshotSchema,
  type MissionMessage,
  missionSchema,
  type Snapshot,
  serverSchema,
  snapshotSchema,
} from './contract/engine.ts';

/**
 * What an engine says, taken in piece by piece: one mission, server or alert of which something is said that
 * nobody understands (an engine of another version, a wrapper that lies) hides itself, and nothing else.
 */

/** The result of a command. @throws Error in one line if it is not what the contract says */
export function parseResult<C extends CommandName>(name: C, value: unknown): CommandResult<C> {
  const result: unknown = name === 'status' ? parseSnapshot(value) : null;
  const parsed = result ?? commands[name].result.safeParse(value).data;
  if (parsed !== undefined && parsed !== null) return parsed as CommandResult<C>;
  throw new Error(
    `what the engine answered to "${name}" is not understood; is it of another version?`,
  );
}

/** A pushed snapshot; `null`: nothing of it is understood. */
export function parseLive(value: unknown): LiveSnapshot | null {
  const whole = liveSnapshotSchema.safeParse(value);
  if (whole.success) return whole.data;
  const head = liveSnapshotSchema.pick({ revision: true }).safeParse(value);
  const snapshot = head.success ? parseSnapshot((value as { snapshot?: unknown }).snapshot) : null;
  return head.success && snapshot !== null ? { ...head.data, snapshot } : null;
}

/** A snapshot; `null`: what is said of the engine itself is not understood. */
export function parseSnapshot(value: unknown): Snapshot | null {
  const whole = snapshotSchema.safeParse(value);
  if (whole.success) return whole.data;
  if (!isObject(value) || !isObject(value.global)) return null;
  const { missions, alerts, global } = value;
  const said = asList(missions).map(parseMission);
  const head = snapshotSchema.safeParse({
    ...value,
    global: { ...global, servers: understood(serverSchema, global.servers) },
    missions: said.flatMap(({ mission }) => mission ?? []),
    alerts: understood(alertSchema, alerts),
  });
  if (!head.success) return null;
  const unshown = said.flatMap(({ alert }) => alert ?? []);
  return { ...head.data, alerts: [...head.data.alerts, ...unshown] };
}

/** A mission as far as it is understood, or the alert that says that it is not shown. */
function parseMission(value: unknown): { mission?: MissionMessage; alert?: AlertMessage } {
  const whole = missionSchema.safeParse(value);
  if (whole.success) return { mission: whole.data };
  const given = isObject(value) ? value : {};
  const partly = missionSchema.safeParse({
    ...given,
    run: missionSchema.shape.run.safeParse(given.run).data ?? null,
    servers: understood(serverSchema, given.servers),
  });
  if (partly.success) return { mission: partly.data };
  const id = typeof given.id === 'string' ? given.id : 'of an unknown name';
  const fields = [...new Set(partly.error.issues.map(({ path }) => String(path[0] ?? 'all')))];
  const message = `Mission "${id}" is not shown: what the engine says of it is not understood (${fields.join(', ')}). All others are; update AgenC Bar if that lasts.`;
  const missionId = typeof given.id === 'string' ? given.id : null;
  const at = isoTime(Date.now());
  return { alert: { id: `unshown-${id}`, kind: 'unknown', missionId, message, servers: [], at } };
}

function understood<S extends z.ZodType>(schema: S, list: unknown): z.output<S>[] {
  return asList(list).flatMap((one) => {
    const parsed = schema.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
