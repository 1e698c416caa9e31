import { expect, it } from 'vitest';
import { createAlerts } from '../../main/sync/alerts.ts';
import { createReplacements } from '../../main/sync/replacements.ts';
import { systemClock } from '../../main/system/clock.ts';
import { heapUsed } from '../support/heapUsed.ts';

const EVIL = 'https://login.evil.example';

function replacement(server: string, addresses: number) {
  const changes = Array.from({ length: addresses }, (_, at) => {
    return { what: `${server}.${'x'.repeat(50)}${at}`, from: null, to: EVIL };
  });
  const field = `/mcpOAuth/${server}`;
  return { missionId: 'a', field, name: server, former: '0', latter: '1', changes };
}

it('a sign-in with thousands of addresses is told in words that can be read', () => {
  const alerts = createAlerts(() => undefined, systemClock);
  createReplacements(alerts).note(replacement('bank', 5_000), 'a');
  const [alert] = alerts.open();
  expect(alert?.message).toContain(EVIL);
  expect(alert?.message).toContain('and 4992 more');
  expect(alert?.message.length).toBeLessThan(2_500);
});

it('what a mission replaces all day does not stay in memory', () => {
  const alerts = createAlerts(() => undefined, systemClock);
  const replacements = createReplacements(alerts);
  const before = heapUsed();
  for (let at = 0; at < 30_000; at += 1) {
    replacements.note(replacement(`made-up-${at}`, at % 100 === 0 ? 50 : 0), 'a');
    // As soon as it is told, somebody answers.
    for (const { id } of alerts.open()) alerts.set(id, null);
  }
  const grown = heapUsed() - before;
  expect(grown).toBeLessThan(3 * 1024 * 1024);
  // Still of use, so that nothing of it was rubbish.
  replacements.refused('/mcpOAuth/made-up-29999', '1');
  expect(alerts.open()).toHaveLength(1);
});

it('a mission that replaces sign-ins all day fills no list, and is told of instead', () => {
  const alerts = createAlerts(() => undefined, systemClock);
  const replacements = createReplacements(alerts);
  const first = replacement('bank', 1);
  replacements.note(first, 'a');
  for (let at = 0; at < 1_000; at += 1) replacements.note(replacement(`made-up-${at}`, 1), 'a');
  replacements.note({ ...replacement('mine', 1), missionId: 'b' }, 'b');
  const open = alerts.open();
  expect(open).toHaveLength(202);
  expect(open.find(({ id }) => id === 'replaced-many-a')?.message).toContain('more than 200');
  // The way back from what was replaced before is still there, and so is the others'.
  const ways = open.map(({ id }) => replacements.byAlert(id)?.field);
  expect(ways).toContain(first.field);
  expect(ways).toContain('/mcpOAuth/mine');
});

it('what a mission puts in the place of its own leads back to what was there before it', () => {
  const alerts = createAlerts(() => undefined, systemClock);
  const replacements = createReplacements(alerts);
  const to = (former: string, latter: string, missionId = 'a', addresses = 0) =>
    replacements.note({ ...replacement('bank', addresses), missionId, former, latter }, missionId);
  const wayBack = () => replacements.byAlert(alerts.open().at(-1)?.id ?? '')?.former;
  to('good', 'rubbish');
  to('rubbish', 'more rubbish');
  to('more rubbish', 'elsewhere', 'a', 1);
  expect(wayBack()).toBe('good');
  for (const { id } of alerts.open()) alerts.set(id, null);
  // What another replaces is the other's loss.
  to('elsewhere', 'mine', 'b', 1);
  expect(wayBack()).toBe('elsewhere');
});
