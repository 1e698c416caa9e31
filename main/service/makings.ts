import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import type { CreatedMission } from '../missions/create.ts';
import { keepPrompt } from '../missions/firstPrompt.ts';
import { errorText } from '../system/errors.ts';
import { UserError } from '../system/userError.ts';
import type { FirstRun, Making } from './contract/missions.ts';
import { openMission, runInBackground } from './controlMission.ts';
import type { MissionHost } from './missionHost.ts';
import { makeMission } from './runMission.ts';

export interface WantedMission {
  readonly name: string;
  /** As people type it; `null` for an empty work folder. */
  readonly repo: string | null;
  readonly prompt: string | null;
  readonly run: FirstRun;
}

/** Missions that are being made in the background, and those that could not be. */
export interface Makings {
  list(): Making[];
  /** @returns the making's id, at once */
  start(wanted: WantedMission): string;
  /** Ends one, of which nothing is left; takes a failed one off the list. */
  cancel(id: string): void;
  /** Cancels all, and waits until nothing is left of them. */
  dispose(): Promise<void>;
}

export interface MakingsListener {
  readonly onChange: () => void;
  readonly onMade: (mission: CreatedMission) => void;
}

interface Job {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** @param host how missions are made; asked anew for each, since settings change */
export function createMakings(
  host: () => Promise<MissionHost>,
  { onChange, onMade }: MakingsListener,
): Makings {
  const makings = new Map<string, Making>();
  const jobs = new Map<string, Job>();

  function update(id: string, change: Partial<Making>): void {
    const making = makings.get(id);
    if (making === undefined) return;
    makings.set(id, { ...making, ...change });
    onChange();
  }

  function end(id: string): void {
    makings.delete(id);
    onChange();
  }

  async function make(id: string, wanted: WantedMission, signal: AbortSignal): Promise<void> {
    let made: CreatedMission | null = null;
    try {
      const missionHost = await host();
      made = await makeMission(missionHost, {
        name: wanted.name,
        repo: wanted.repo,
        cwd: homedir(),
        interactive: false,
        signal,
        onProgress: ({ detail, fraction }) => update(id, { detail, fraction: fraction ?? null }),
      });
      onMade(made);
      await firstRun(missionHost, made, wanted);
      if (made.warnings.length === 0) return end(id);
      // The mission works, but not in all as the user's own Claude does: that is told, and stays until read.
      update(id, { failure: `"${made.name}" is made, but: ${made.warnings.join(' ')}` });
    } catch (error) {
      if (signal.aborted && made === null) return end(id);
      const why = errorText(error);
      const failure = made === null ? why : `"${made.name}" is made, but not launched: ${why}`;
      update(id, { failure, fraction: null });
    } finally {
      jobs.delete(id);
    }
  }

  return {
    list: () => [...makings.values()],

    start(wanted) {
      if (wanted.run === 'headless' && !wanted.prompt?.trim())
        throw new UserError('A headless run needs a prompt.');
      const id = randomUUID();
      const { name, repo } = wanted;
      makings.set(id, { id, name, repo, detail: 'Preparing', fraction: null, failure: null });
      const abort = new AbortController();
      jobs.set(id, { abort, done: make(id, wanted, abort.signal) });
      onChange();
      return id;
    },

    cancel(id) {
      const job = jobs.get(id);
      if (job === undefined) end(id);
      else job.abort.abort();
    },

    async dispose() {
      for (const { abort } of jobs.values()) abort.abort();
      await Promise.all([...jobs.values()].map(({ done }) => done));
    },
  };
}

async function firstRun(
  host: MissionHost,
  mission: CreatedMission,
  { prompt, run }: WantedMission,
): Promise<void> {
  if (run === 'headless') return runInBackground(host, mission.id, { prompt, resume: false });
  // It waits there for whichever run comes first.
  if (prompt !== null && mission.folder !== null) await keepPrompt(mission.folder, prompt);
  if (run === 'terminal') await openMission(host, mission.id, { resume: false, inTerminal: false });
}
