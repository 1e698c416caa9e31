import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPages, type TestPages, type TestWindow } from './support/page.ts';
import { MAKING, scenarios } from './support/scenarios.ts';
import { making, withSnapshot } from './support/states.ts';

let pages: TestPages;
beforeAll(async () => {
  pages = await connectPages();
}, 120_000);
afterAll(() => pages.close());

const form = ({ page }: TestWindow) => page.getByRole('dialog', { name: 'New mission' });
const field = (view: TestWindow, name: string) => form(view).getByRole('textbox', { name });
const repo = (view: TestWindow) => form(view).getByRole('combobox', { name: 'Repository' });

async function openForm(state = scenarios.seven): Promise<TestWindow> {
  const view = await pages.open({ ...state, recentRepos: ['acme/web', 'acme/api'] });
  await view.page.getByRole('button', { name: 'New mission…' }).click();
  await form(view).waitFor();
  return view;
}

describe('the form for a new mission', () => {
  it('says in words what is missing, and sends nothing meanwhile', async () => {
    const view = await openForm(scenarios.none);
    await form(view).getByText('clone only what you trust').waitFor();
    expect(await form(view).getByText('Give it a name.').count()).toBe(0);
    await form(view).getByText('Run headless').click();
    await form(view).getByRole('button', { name: 'Create' }).click();
    await form(view).getByText('Give it a name.').waitFor();
    await form(view).getByText('A headless run needs a prompt.').waitFor();
    await form(view).getByText('Only make it').click();
    await form(view).getByText('A headless run needs a prompt.').waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([]);
    await field(view, 'Name').fill('  try it ');
    await form(view).getByRole('button', { name: 'Create' }).click();
    await form(view).waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([
      ['newMission', { name: 'try it', repo: null, prompt: null, run: 'none' }],
    ]);
    await view.close();
  });

  it('takes a folder from the system’s dialog, a recent repository, or what is typed', async () => {
    const view = await openForm();
    const folder = '/home/sam/src/my "odd" $app\u{1F6A2}';
    await view.answer('chooseRepository', { ok: true, value: { repo: folder } });
    await form(view).getByRole('button', { name: 'Choose a folder…' }).click();
    await expect.poll(() => repo(view).inputValue()).toBe(folder);
    await repo(view).fill('');
    await view.page.keyboard.press('Escape');
    await form(view).getByRole('button', { name: 'Recent repositories' }).click();
    await view.page.getByRole('option', { name: 'acme/api' }).click();
    await expect.poll(() => repo(view).inputValue()).toBe('acme/api');
    await repo(view).fill('git@github.com:acme/else.git');
    await field(view, 'Name').fill('n');
    await form(view).getByRole('button', { name: 'Create' }).click();
    const made = { name: 'n', repo: 'git@github.com:acme/else.git', prompt: null, run: 'terminal' };
    await expect.poll(() => view.calls()).toContainEqual(['newMission', made]);
    await view.close();
  });

  it('keeps what was typed when it is left with Escape, and not when it is cancelled', async () => {
    const view = await openForm();
    await field(view, 'Name').fill('half an idea');
    await view.page.keyboard.press('Escape');
    await form(view).waitFor({ state: 'detached' });
    expect(await view.calls()).toEqual([]);
    await view.page.keyboard.press('Control+n');
    await expect.poll(() => field(view, 'Name').inputValue()).toBe('half an idea');
    await form(view).getByRole('button', { name: 'Cancel' }).click();
    await view.page.keyboard.press('Control+n');
    await expect.poll(() => field(view, 'Name').inputValue()).toBe('');
    await view.close();
  });

  it('stays with main’s words if it cannot even begin', async () => {
    const view = await openForm();
    await view.answer('newMission', { ok: false, message: 'A mission of this name is there.' });
    await field(view, 'Name').fill('fix login');
    await form(view).getByRole('button', { name: 'Create' }).click();
    await form(view).getByText('A mission of this name is there.').waitFor();
    await view.close();
  });

  it('does not open before the engine runs', async () => {
    const view = await pages.open(scenarios.failed);
    await view.page.keyboard.press('Control+n');
    await view.page.keyboard.press('Control+2');
    expect(await form(view).count()).toBe(0);
    await view.close();
  });
});

describe('missions that are being made', () => {
  it('tell how far they are, and can be cancelled', async () => {
    const view = await pages.open(scenarios.making);
    const bar = view.page.getByRole('progressbar', { name: 'Making payment retries' });
    await expect.poll(() => bar.getAttribute('aria-valuenow')).toBe('42');
    const unsure = view.page.getByRole('progressbar', { name: 'Making import contacts' });
    expect(await unsure.getAttribute('aria-valuenow')).toBeNull();
    await view.page.getByRole('button', { name: 'Cancel payment retries' }).click();
    expect(await view.calls()).toEqual([['cancelMaking', { makingId: 'm1' }]]);
    await view.close();
  });

  it('move nothing while they go on', async () => {
    const view = await pages.open(scenarios.making);
    const boxes = () =>
      view.page.locator('li, [role=row], button').evaluateAll((all) =>
        all.map((one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          return [x, y, width, height].map(Math.round).join();
        }),
      );
    const before = await boxes();
    const further = { detail: 'Resolving deltas: 1,234 of 5,678', fraction: 0.97 };
    await view.push({ ...scenarios.making, making: [making('m1', further), ...MAKING.slice(1)] });
    await view.page.getByText('Resolving deltas').waitFor();
    expect(await boxes()).toEqual(before);
    await view.close();
  });

  it('stay with git’s own words if they fail, and are tried again with the same values', async () => {
    const view = await openForm();
    await view.answer('newMission', { ok: true, value: { makingId: 'm3' } });
    await field(view, 'Name').fill('legacy portal');
    await repo(view).fill('acme/portal');
    await field(view, 'Prompt').fill('look around');
    await form(view).getByText('Run headless').click();
    await form(view).getByRole('button', { name: 'Create' }).click();
    await form(view).waitFor({ state: 'detached' });
    await view.push({ ...scenarios.seven, making: MAKING.slice(2) });
    await view.page.getByText('Repository not found').waitFor();
    await view.page.getByRole('button', { name: 'Show all' }).click();
    await view.page.getByRole('button', { name: /^Try again/ }).click();
    await expect.poll(() => field(view, 'Prompt').inputValue()).toBe('look around');
    await expect
      .poll(() => form(view).getByRole('radio', { name: 'Run headless' }).isChecked())
      .toBe(true);
    await repo(view).fill('acme/portal-2');
    await form(view).getByRole('button', { name: 'Create' }).click();
    await expect.poll(() => view.calls()).toContainEqual(['cancelMaking', { makingId: 'm3' }]);
    expect((await view.calls()).filter(([name]) => name === 'newMission')).toHaveLength(2);
    await view.close();
  });

  it('of an earlier page are tried again with what the state tells', async () => {
    const view = await pages.open(scenarios.making);
    await view.page.getByRole('button', { name: /^Try again/ }).click();
    await expect.poll(() => field(view, 'Name').inputValue()).toBe('legacy portal');
    await expect.poll(() => repo(view).inputValue()).toBe('acme/portal');
    await form(view).getByRole('button', { name: 'Cancel' }).click();
    await view.page.getByRole('button', { name: 'Dismiss legacy portal' }).click();
    expect(await view.calls()).toEqual([['cancelMaking', { makingId: 'm3' }]]);
    await view.close();
  });

  it('are shown where there is no mission yet', async () => {
    const view = await pages.open(scenarios.firstMaking);
    await view.page.getByText('payment retries').waitFor();
    expect(await view.page.getByText('No missions yet').count()).toBe(1); // the header's sentence
    await view.push(withSnapshot({ missions: [] }));
    await view.page.getByRole('heading', { name: 'No missions yet', level: 2 }).waitFor();
    await view.close();
  });
});
