import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { type LaunchedApp, launchApp } from '../electron/support/launch.ts';
import { startPages } from '../renderer/support/page.ts';
import { appState, hashOf, mission, snapshot } from '../renderer/support/states.ts';
import { until } from '../support/until.ts';
import { median, quantile } from './figures.ts';
import { createFleet } from './fleet.ts';
import { ms, type Row } from './report.ts';

const ROW_MS = 50;
const WARM_MS = 100;
const COLD_MS = 600;
const BUNDLE_KB = 250;

/** What a person waits for at the window, and what it costs while nobody looks. */
export async function measureWindow(missions: number, rounds: number): Promise<Row[]> {
  return [
    ...(await paintRows(missions, rounds)),
    ...(await openRows(missions, Math.max(3, Math.ceil(rounds / 4)))),
    bundleRow(),
  ];
}

/** From the arrival of a snapshot in the page to the frame after the one that shows it. */
async function paintRows(missions: number, rounds: number): Promise<Row[]> {
  /** @param changed how many missions, from the first on, have another hash */
  const state = (seed: number, changed: number) =>
    appState({
      snapshot: snapshot({
        alerts: [],
        missions: Array.from({ length: missions }, (_, index) =>
          mission(`mission-${String(index).padStart(3, '0')}`, {
            hash: hashOf(index < changed ? seed : 0),
          }),
        ),
      }),
    });
  const pages = await startPages();
  try {
    const { page } = await pages.open(state(0, 0));
    let revision = appState().revision;
    const paint = async (seed: number, changed: number): Promise<number> => {
      revision += 1;
      return page.evaluate(
        ([next, shown]) =>
          new Promise<number>((resolve) => {
            const row = document.querySelector('[role="row"][data-key="mission-000"]');
            const from = performance.now();
            const look = (): void => {
              if (row?.textContent?.includes(shown) !== true) requestAnimationFrame(look);
              else requestAnimationFrame(() => resolve(performance.now() - from));
            };
            globalThis.fakeBridge.push('state', next);
            look();
          }),
        [{ ...state(seed, changed), revision }, hashOf(seed).slice(0, 12)] as const,
      );
    };
    const one: number[] = [];
    const all: number[] = [];
    for (let round = 1; round <= rounds; round += 1) one.push(await paint(round, 1));
    for (let round = 1; round <= rounds; round += 1) all.push(await paint(-round, missions));
    const middle = median(one);
    return [
      {
        what: `a snapshot of ${missions} missions, one changed → its row painted: median, p95 of ${rounds}`,
        measured: `${ms(middle)}, ${ms(quantile(one, 0.95))}`,
        limit: `≤ ${ROW_MS} ms`,
        ofLimit: middle / ROW_MS,
      },
      {
        what: '… all of them changed',
        measured: `${ms(median(all))}, ${ms(quantile(all, 0.95))}`,
      },
    ];
  } finally {
    await pages.close();
  }
}

/** From the click on the icon to the frame after the one with the first row. */
async function openRows(missions: number, rounds: number): Promise<Row[]> {
  const fleet = createFleet({ missions, missionText: null });
  const { PATH: _, HOME, ...env } = fleet.env;
  const app = await launchApp({ env: definedOnly(env), ...(HOME && { home: HOME }) });
  try {
    await until('the icon has its menu', async () => (await app.tray()).menu !== null);
    // The first window of all starts Chromium too, which Electron has running already.
    await app.clickTray();
    if ((await startIfFirst(app)) === false) throw new Error('The engine does not start.');
    await firstRow(await app.firstWindow());
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.destroy());
      await until('no window is there', async () => (await app.windows()).length === 0);
      cold.push(await openOnce(app));
      await app.clickTray();
      await until('it is hidden', async () => !(await app.windowStates())[0]?.visible);
      warm.push(await openOnce(app));
    }
    const [coldMs, warmMs] = [median(cold), median(warm)];
    return [
      {
        what: `the popover from warm, ${missions} missions, in the stand-in: median of ${rounds}`,
        measured: ms(warmMs),
        limit: `≤ ${WARM_MS} ms`,
        ofLimit: warmMs / WARM_MS,
      },
      {
        what: `the popover from cold, ${missions} missions, in the stand-in: median of ${rounds}`,
        measured: ms(coldMs),
        limit: `≤ ${COLD_MS} ms`,
        ofLimit: coldMs / COLD_MS,
      },
    ];
  } finally {
    await app.close();
    fleet.dispose();
  }
}

/** On a first start the user says yes; later there is nothing to say. */
async function startIfFirst(app: LaunchedApp): Promise<boolean> {
  const page = await app.firstWindow();
  const start = page.getByRole('button', { name: 'Start syncing' });
  await until('the page is there', async () => {
    return (await start.count()) > 0 || (await page.getByRole('tab').count()) > 0;
  });
  if ((await start.count()) > 0) await start.click();
  await until('the engine runs', async () => (await page.getByRole('row').count()) > 0);
  return true;
}

async function openOnce(app: LaunchedApp): Promise<number> {
  const from = performance.now();
  await app.clickTray();
  await until('a window is there', async () => (await app.windowStates())[0]?.visible === true);
  await firstRow(await app.firstWindow());
  return performance.now() - from;
}

async function firstRow(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          const isThere =
            document.visibilityState === 'visible' && document.querySelector('[role=row]');
          if (isThere) requestAnimationFrame(() => resolve());
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}

function bundleRow(): Row {
  const folder = join(import.meta.dirname, '../../out/renderer');
  const bytes = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + gzipSync(readFileSync(join(entry.parentPath, entry.name))).length,
      0,
    );
  const kilobytes = bytes / 1_000;
  return {
    what: 'the page, scripts and styles, gzipped',
    measured: `${Math.round(kilobytes)} kB`,
    limit: `≤ ${BUNDLE_KB} kB`,
    ofLimit: kilobytes / BUNDLE_KB,
  };
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
