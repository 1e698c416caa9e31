/** Which alert takes which answers. Pure, and without zod, which the page does not need. */
import type { AlertMessage, alertAnswers } from './engine.ts';

type AlertKind = AlertMessage['kind'];
export type AlertAnswer = (typeof alertAnswers)[number];

/** The answers of each kind, the one that nobody regrets first; none where it goes away with its cause. */
export const answersOf: Readonly<Record<AlertKind, readonly AlertAnswer[]>> = {
  wipe: ['restore', 'remove'],
  tampering: ['keep', 'accept'],
  replaced: ['former', 'dismiss'],
  conflict: ['dismiss'],
  hostile: [],
  full: [],
  unavailable: [],
  broadcast: [],
  note: [],
  state: [],
  log: [],
  refresh: [],
  watch: [],
  damaged: ['dismiss'],
  lock: ['dismiss'],
  defect: ['dismiss'],
  settings: [],
  unknown: [],
};

/** The same in words, for whoever gave another: `"keep" or "accept"`; `null` where there is none to give. */
export function answerWords(kind: AlertKind): string | null {
  const answers = answersOf[kind].map((answer) => `"${answer}"`);
  return answers.length === 0 ? null : answers.join(' or ');
}

/**
 * What an alert is about, as long as that lasts: its id without the digest of what it says just now, which changes whenever
 * more is tampered with, or more vanishes. Pure.
 */
export function causeOf(alertId: string): string {
  return /^((?:tampering|wipe)-.*)-[0-9a-f]{12}$/s.exec(alertId)?.[1] ?? alertId;
}
