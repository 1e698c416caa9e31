import { expect, it } from 'vitest';
import { userPath } from '../../../electron/userPath.ts';

it('what the user’s shell adds to PATH comes behind what is there, each folder once', async () => {
  const ofShell = async () => '/opt/homebrew/bin:/usr/bin:/home/sam/.local/bin';
  expect(await userPath('/usr/bin:/bin', ofShell)).toBe(
    '/usr/bin:/bin:/opt/homebrew/bin:/home/sam/.local/bin',
  );
});

it.each([
  ['a shell that fails', () => Promise.reject(new Error('exit code 1'))],
  ['a shell without a PATH', async () => undefined],
])('%s changes nothing', async (_, ofShell) => {
  expect(await userPath('/usr/bin:/bin', ofShell)).toBe('/usr/bin:/bin');
});

it('asks the shell of this machine for real', async () => {
  expect((await userPath('/nowhere')).split(':')).toContain('/bin');
});
