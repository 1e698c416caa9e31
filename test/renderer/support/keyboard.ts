import type { TestWindow } from './page.ts';

/** Presses a key until the focus is on something with this name. */
export async function reach({ page }: TestWindow, key: string, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    const now = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    });
    if (name.test(now)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${name} cannot be reached with ${key}.`);
}
