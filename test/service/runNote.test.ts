import { describe, expect, it } from 'vitest';
import { runNote } from '../../main/service/runNote.ts';

const AT = '2026-11-24T14:05:00.000Z';
const textOf = (event: string, details: object = {}) =>
  runNote(JSON.stringify({ at: AT, event, ...details }))?.text;

describe('a line of wrapper.log in words', () => {
  it.each([
    ['start', { mode: 'headless' }, 'Started headless'],
    ['claude-started', { pid: 12 }, 'Claude runs (process 12)'],
    ['claude-ended', { code: 3, signal: null }, 'Claude ended with exit code 3'],
    ['claude-ended', { code: 143, signal: 'SIGTERM' }, 'Claude was ended by SIGTERM'],
    ['restart', { mode: 'graceful' }, 'To be restarted once idle'],
    ['stop', { by: 'timeout' }, 'Out of time: to be stopped'],
    ['warning', { text: 'The disk is full.' }, 'The disk is full.'],
  ])('%s %j', (event, details, text) => {
    expect(textOf(event, details)).toBe(text);
  });

  it.each([
    JSON.stringify({ at: AT, event: 'hook', name: 'Stop' }),
    JSON.stringify({ at: AT, event: 'toString' }),
    '{"at":"2026-11-24T14:05:00.000Z","eve',
    'time=2026-11-24T14:05:00Z level=INFO msg="Wrapper started"',
    '',
  ])('%j has none', (line) => {
    expect(runNote(line)).toBe(null);
  });
});
