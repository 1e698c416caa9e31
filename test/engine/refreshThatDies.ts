/**
 * An engine's refresh that is killed at a given step: `node refreshThatDies.ts SERVER_KEY STEP`, with the
 * environment of an engine. Everything is the real thing; only what calls what is listened to.
 */
import { createLease } from '../../main/refresh/lease.ts';
import { createOAuthRefresher } from '../../main/refresh/oauthRefresh.ts';
import { createRefreshJournal } from '../../main/refresh/refreshJournal.ts';
import { assemble } from '../../main/service/assemble.ts';
import { makePrivateFolder } from '../../main/system/atomicFile.ts';
import { systemClock } from '../../main/system/clock.ts';
import { agencPaths, agencRoot } from '../../main/system/paths.ts';

const [serverKey = '', step = ''] = process.argv.slice(2);
const paths = agencPaths(agencRoot(undefined));

function reached(now: string): void {
  if (now === step) process.kill(process.pid, 'SIGKILL');
}

/** Does something, and then the step is reached. */
async function then<T>(now: string, work: Promise<T>): Promise<T> {
  const result = await work;
  reached(now);
  return result;
}

await makePrivateFolder(paths.bar);
let isCarrying = false;
const parts = assemble({ paths, env: process.env }, ({ event }) => {
  if (!isCarrying) return;
  if (event === 'broadcast') reached('global written');
  if (event === 'sync') reached('one mission written');
});
await parts.journal.ready();
await parts.engine.start(false);
const { engine, store, global, refreshLocks } = parts;
const journal = createRefreshJournal({
  dir: paths.refresh,
  keys: parts.journalKeys,
  now: Date.now,
});
const oauth = createOAuthRefresher({ now: Date.now });
const lease = createLease({
  clock: systemClock,
  store,
  global,
  takeInAll: (serverKey) => engine.refreshView.takeInAll(serverKey),
  foldersOf: () =>
    engine.refreshView
      .places()
      .filter(({ missionId }) => missionId !== null)
      .map(({ folder }) => folder),
  isLockOfAnother: () => false,
  locks: {
    ...refreshLocks,
    takeAll(...args) {
      const results = refreshLocks.takeAll(...args);
      reached('locks taken');
      return results;
    },
  },
  destinations: parts.destinations,
  journal: {
    ...journal,
    intend: (refresh) => then('intent noted', journal.intend(refresh)),
    keep: (refresh, tokens) => then('answer kept', journal.keep(refresh, tokens)),
    drop: (spent) => then('note dropped', journal.drop(spent)),
  },
  oauth: {
    ...oauth,
    refresh: (order, endpoint) => then('answer here', oauth.refresh(order, endpoint)),
  },
  replace(id, renew) {
    isCarrying = true;
    return then('all written', engine.replace(id, renew));
  },
  isStopping: () => false,
  isAbandoned: () => false,
});
console.log((await lease.refresh(serverKey, () => undefined)).status);
