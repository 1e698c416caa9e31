import { describe, expect, it } from 'vitest';
import type { AppState } from '../../main/service/contract/app.ts';
import { noticesOf } from '../../renderer/alerts/notices.ts';
import { debounceChoices, pollChoices, terminalChoices } from '../../renderer/settings/choices.ts';
import { resyncLines, resyncSentence } from '../../renderer/text/resync.ts';
import { summary } from '../../renderer/text/summary.ts';
import { listed, shortPath, shortRepo, someOf } from '../../renderer/text/words.ts';
import { findingsOf } from '../../renderer/welcome/words.ts';
import { scenarios } from './support/scenarios.ts';
import { ALERTS, appState, DISCOVERY, NOW, SEVEN, withSnapshot } from './support/states.ts';

describe('the header', () => {
  it.each<[string, AppState, string]>([
    ['All 6 missions in sync', scenarios.seven, 'good'],
    ['4 missions need attention', scenarios.troubled, 'attention'],
    ['Syncing…', scenarios.busy, 'busy'],
    ['Syncing…', scenarios.resyncing, 'busy'],
    ['Syncing is paused', scenarios.paused, 'paused'],
    ['Starting…', scenarios.starting, 'busy'],
    ['No missions yet', scenarios.none, 'idle'],
    ['The engine is not running', scenarios.failed, 'attention'],
    ['1 mission in sync', withSnapshot({ missions: SEVEN.slice(0, 1) }), 'good'],
    ['1 thing needs attention', withSnapshot({ alerts: [ALERTS.watch] }), 'attention'],
  ])('says “%s”', (sentence, state, tone) => {
    expect(summary(state)).toMatchObject({ sentence, tone });
  });

  it('tells when the others were last told', () => {
    expect(summary(appState()).detail).toEqual({ text: 'Last broadcast', at: NOW - 12_000 });
    expect(summary(scenarios.paused).detail.at).toBeNull();
  });
});

describe('a resync', () => {
  const done = { status: 'done', up: [], down: [], hash: null } as const;
  const results = (changes: Record<string, object>) =>
    ['a', 'b', 'c'].map((missionId) => ({
      ...done,
      up: [],
      down: [],
      missionId,
      ...changes[missionId],
    }));

  it.each([
    [{}, 'Nothing to change in 3 missions'],
    [{ a: { down: ['linear'] }, b: { down: ['linear'] } }, 'linear → A, B'],
    [{ a: { up: ['linear'] } }, 'linear from A'],
    [{ a: { status: 'unavailable' } }, '1 mission could not be read'],
    [{ a: { status: 'stopped' } }, 'Nothing to change in 2 missions'],
  ])('of %o is “%s”', (changes, sentence) => {
    expect(resyncSentence(results(changes), (id) => id.toUpperCase())).toBe(sentence);
  });

  it('tells what went wrong first', () => {
    const lines = resyncLines(
      results({ b: { down: ['x', 'y'] }, c: { status: 'malformed' } }),
      (id) => id,
    );
    expect(lines.map(({ name, text }) => `${name}: ${text}`)).toEqual([
      'c: its entry is damaged and was left alone',
      'b: got x and y',
      'a: nothing to change',
    ]);
  });
});

describe('the notices', () => {
  it('have the gravest first, and each its answer', () => {
    const state = withSnapshot(
      { alerts: Object.values(ALERTS) },
      { connection: { status: 'other', pid: 123 } },
    );
    expect(noticesOf(state).map(({ title, answer }) => `${title} [${answer}]`)).toEqual([
      '3 servers vanished from “api rewrite” [wipe]',
      'The global entry cannot be read [null]',
      'Two sign-ins met in “fix login” [dismiss]',
      'Other programs cannot be told [null]',
      'Something could not be noted down [null]',
      'A folder cannot be watched [null]',
      'A setting needs attention [null]',
      'Process 123 runs the engine [null]',
    ]);
    expect(noticesOf(scenarios.failed)[0]?.answer).toBe('retry');
  });
});

describe('small words', () => {
  it('list and shorten', () => {
    expect(listed([])).toBe('');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
    expect(someOf(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
    expect(shortRepo('git@github.com:acme/web.git')).toBe('acme/web');
    expect(shortPath('/home/sam')).toBe('/home/sam');
  });

  it('keep a value of the settings that is none of the choices', () => {
    expect(pollChoices(45_000).map(({ name }) => name)).toEqual([
      '15 s',
      '30 s',
      '45 s',
      '1 min',
      '5 min',
    ]);
    expect(debounceChoices(0)[0]?.name).toBe('Not at all');
    expect(terminalChoices('foot').at(-1)).toEqual({ id: 'foot', name: 'foot' });
  });

  it('tell what the first start found', () => {
    expect(findingsOf(DISCOVERY).map(({ title }) => title)).toEqual([
      '7 missions',
      'Signed in to 4 servers',
      'Sign-ins are in files',
    ]);
    const locked = { ...DISCOVERY, globalEntry: 'unavailable', globalDetail: 'locked' } as const;
    expect(findingsOf(locked)[1]).toMatchObject({ tone: 'attention', text: 'locked' });
  });
});
