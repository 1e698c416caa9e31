/** What a filter lets through. Pure, and without zod, which the page does not need. */
import type { LogFilter, LogLine } from './log.ts';

export const EVERYTHING: LogFilter = { missionId: null, direction: null, level: null, search: '' };

/** A filter as a test of single lines. */
export function logMatcher(filter: LogFilter): (line: LogLine) => boolean {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return (line) => {
    if (filter.missionId !== null && line.missionId !== filter.missionId) return false;
    if (filter.direction !== null && line.direction !== filter.direction) return false;
    if (filter.level !== null && line.level !== filter.level) return false;
    if (words.length === 0) return true;
    const text = `${line.missionName ?? ''} ${line.missionId ?? ''} ${line.text} ${line.hash ?? ''}`;
    const lower = text.toLowerCase();
    return words.every((word) => lower.includes(word));
  };
}
