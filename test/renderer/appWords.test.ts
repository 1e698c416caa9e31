import { describe, expect, it } from 'vitest';
import { answersOf } from '../../main/service/contract/answers.ts';
import type { AppState } from '../../main/service/contract/app.ts';
import { noticesOf } from '../../renderer/alerts/notices.ts';
import { debounceChoices, pollChoices, terminalChoices } from '../../renderer/settings/choices.ts';
import { addressesOf, addressText, piecesOf } from '../../renderer/text/addresses.ts';
import { resyncLines, resyncSentence } from '../../renderer/text/resync.ts';
import { summary } from '../../renderer/text/summary.ts';
import { listed, shortPath, shortRepo, someOf } from '../../renderer/text/words.ts';
import { findingsOf } from '../../renderer/welcome/words.ts';
import { fakeToken } from '../support/fake.ts';
import { scenarios } from './support/scenarios.ts';
import {
  ALERTS,
  appState,
  DISCOVERY,
  mission,
  NOW,
  SEVEN,
  server,
  snapshot,
  withSnapshot,
} from './support/states.ts';

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
    ['Tampering found', scenarios.distrusted, 'attention'],
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
    const said = noticesOf(state).map(({ title, choices }) => {
      const labels = choices.map(({ label, variant }) =>
        variant === 'danger' ? `!${label}` : label,
      );
      return `${title} [${labels.join(', ')}]`;
    });
    expect(said).toEqual([
      'The sign-in of linear was tampered with in “fix login” [Keep ours, !Accept the change…]',
      '3 servers vanished from “api rewrite” [Restore, !Remove everywhere…]',
      'The global entry cannot be read []',
      'The sign-in of notion was replaced everywhere [Use the former one, Keep the new one]',
      '“flaky tests” does what no Claude does [Open mission, !Stop…]',
      'Two sign-ins met in “fix login” [Dismiss]',
      'Two engines could run at once [Dismiss]',
      'A file of AgenC Bar was damaged [Dismiss]',
      'Other programs cannot be told []',
      'A server may stay disconnected []',
      'Something could not be noted down []',
      'The sync log cannot be written []',
      'New tokens are not everywhere yet []',
      'A folder cannot be watched []',
      'Something went wrong inside [Dismiss]',
      'A setting needs attention []',
      'Something this version does not know []',
      'Process 123 runs the engine []',
    ]);
    expect(noticesOf(scenarios.failed)[0]?.choices.map(({ label }) => label)).toEqual([
      'Try again',
    ]);
  });

  it('offer what the engine takes, and nothing else; what is dangerous comes last, and asks', () => {
    for (const alert of Object.values(ALERTS)) {
      const [notice] = noticesOf(withSnapshot({ alerts: [alert] }));
      const choices = notice?.choices ?? [];
      const answers = choices.flatMap(({ act }) => (act.do === 'resolve' ? [act.answer] : []));
      expect(answers, alert.kind).toEqual(answersOf[alert.kind]);
      for (const [at, { variant, ask }] of choices.entries()) {
        expect(variant === 'danger', alert.kind).toBe(ask !== null);
        if (variant === 'danger') expect(at, alert.kind).toBeGreaterThan(0);
      }
    }
  });

  it('of a replaced sign-in are graver where what came in its place does not work', () => {
    const toneWith = (status: 'usable' | 'invalidated') => {
      const global = { ...snapshot().global, servers: [server('notion', { status })] };
      return noticesOf(withSnapshot({ alerts: [ALERTS.replaced], global }))[0]?.tone;
    };
    expect([toneWith('usable'), toneWith('invalidated')]).toEqual(['attention', 'bad']);
  });

  it('offer no stop of what is stopped, and nothing of a mission that is gone', () => {
    const labels = (missions: (typeof SEVEN)[number][]) =>
      noticesOf(withSnapshot({ alerts: [ALERTS.hostile], missions })).flatMap(({ choices }) =>
        choices.map(({ label }) => label),
      );
    expect(labels([mission('c5519e', { state: 'stopped' })])).toEqual(['Open mission']);
    expect(labels([])).toEqual([]);
  });
});

describe('addresses', () => {
  const hosts = (text: string) => addressesOf(text).map(({ host }) => host);

  it('are found in a sentence, without what the sentence puts around them', () => {
    const text =
      'From https://a.example/token, to “https://b.example:8443/x”. And (https://c.example).';
    expect(addressesOf(text).map(addressText)).toEqual([
      'https://a.example/token',
      'https://b.example:8443/x',
      'https://c.example',
    ]);
    const whole = piecesOf(text).map((one) => (one.kind === 'words' ? one.text : addressText(one)));
    expect(whole.join('')).toBe(text);
  });

  it('show where they lead, not how they look', () => {
    expect(hosts('https://bank.example@evil.example/')).toEqual(['evil.example']);
    expect(hosts('https://evil.example\\@bank.example/')).toEqual(['evil.example']);
    // A Cyrillic "а".
    expect(hosts('https://b\u0430nk.example/')).toEqual(['xn--bnk-6cd.example']);
  });

  it('never show what could be a secret', () => {
    const secret = fakeToken('address');
    const text = `https://${secret}:${secret}@a.example/x?key=${secret}#${secret}`;
    expect(addressesOf(text).map(addressText)).toEqual(['https://…@a.example/x?…']);
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
