import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  hasOauthToken,
  readOauthToken,
  removeOauthToken,
  setOauthToken,
} from '../../main/missions/oauthToken.ts';
import { UserError } from '../../main/system/userError.ts';

const TOKEN = 'sk-ant-oat01-FAKE-SECRET-claude_login-0123456789';
let root: string;
let path: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agenc-bar-token-'));
  path = join(root, 'cache', 'oauth-token');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the token file', () => {
  it.each([
    TOKEN,
    `  ${TOKEN}\r\n`,
    `${TOKEN.slice(0, 20)}\n   ${TOKEN.slice(20, 30)}\r\n\t${TOKEN.slice(30)}`,
    `\uFEFF${TOKEN.slice(0, 9)}\u200B${TOKEN.slice(9)}\u00A0`,
  ])('holds the token of %j', async (text) => {
    expect(hasOauthToken(path)).toBe(false);
    await setOauthToken(path, text);
    expect(readFileSync(path, 'utf8')).toBe(TOKEN);
    expect(hasOauthToken(path)).toBe(true);
    expect(readOauthToken(path)).toBe(TOKEN);
  });

  it('is 0600 in a 0700 folder, also where both were there with other modes', async () => {
    mkdirSync(dirname(path), { mode: 0o755 });
    writeFileSync(path, 'old', { mode: 0o644 });
    chmodSync(path, 0o644);
    await setOauthToken(path, TOKEN);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(path))).toEqual(['oauth-token']);
  });

  it.each([
    '',
    ' \n',
    'sk-ant-oat01-FAKE-SECRET',
    'sk-ant-api03-FAKE-SECRET-claude_login-0123456789',
    `export CLAUDE_CODE_OAUTH_TOKEN=${TOKEN}`,
    `"${TOKEN}"`,
    `${TOKEN}\u001b[0m`,
  ])('refuses %j without repeating it, and keeps what it held', async (text) => {
    await setOauthToken(path, TOKEN);
    const error = await setOauthToken(path, text).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).not.toMatch(/FAKE|SECRET/);
    expect(readOauthToken(path)).toBe(TOKEN);
  });

  it('is removed, once', async () => {
    await setOauthToken(path, TOKEN);
    expect(removeOauthToken(path)).toBe(true);
    expect(removeOauthToken(path)).toBe(false);
    expect(hasOauthToken(path)).toBe(false);
  });

  it('says why it cannot be kept or removed', async () => {
    writeFileSync(join(root, 'cache'), 'a file in its way');
    await expect(setOauthToken(path, TOKEN)).rejects.toThrow(UserError);
    await expect(setOauthToken(path, TOKEN)).rejects.not.toThrow(/FAKE/);
    expect(hasOauthToken(path)).toBe(false);
    expect(() => removeOauthToken(path)).toThrow(UserError);
  });

  it('that is empty is none', () => {
    mkdirSync(dirname(path));
    writeFileSync(path, '\n');
    expect(hasOauthToken(path)).toBe(false);
  });
});
