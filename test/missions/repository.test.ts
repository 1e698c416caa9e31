import { homedir } from 'node:os';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRepository } from '../../main/missions/repository.ts';
import { UserError } from '../../main/system/userError.ts';

const CWD = '/home/ada/src';
const nothingThere = () => false;
const parse = (text: string, folders: readonly string[] = []) =>
  parseRepository(text, CWD, (path) => folders.includes(path));

describe('a repository', () => {
  it.each([
    ['owner/app', 'https://github.com/owner/app.git'],
    ['owner/app.git', 'https://github.com/owner/app.git'],
    ['owner/app/', 'https://github.com/owner/app.git'],
    ['  owner/app\n', 'https://github.com/owner/app.git'],
    ['github.com/owner/app', 'https://github.com/owner/app.git'],
    ['GitHub.com/owner/app/tree/main', 'https://github.com/owner/app.git'],
    ['https://github.com/owner/app', 'https://github.com/owner/app.git'],
    ['https://www.github.com/owner/app.git/', 'https://github.com/owner/app.git'],
    ['https://github.com/owner/app/tree/main/x', 'https://github.com/owner/app.git'],
    ['https://github.com/owner/app/pull/12#issuecomment-1', 'https://github.com/owner/app.git'],
    ['https://github.com/owner/app?tab=readme-ov-file#top', 'https://github.com/owner/app.git'],
    ['https://ada@github.com/owner/app', 'https://ada@github.com/owner/app.git'],
    ['git@github.com:owner/app.git', 'git@github.com:owner/app.git'],
    ['git@github.com:owner/app', 'git@github.com:owner/app'],
    ['ssh://git@github.com/owner/app.git', 'ssh://git@github.com/owner/app.git'],
    ['ssh://git@ssh.github.com:443/owner/app.git', 'ssh://git@ssh.github.com:443/owner/app.git'],
  ])('%j is on GitHub', (text, source) => {
    expect(parse(text)).toEqual({
      kind: 'github',
      source,
      label: 'https://github.com/owner/app',
      name: 'app',
    });
  });

  it.each([
    ['https://example.test/group/sub/app.git', 'https://example.test/group/sub/app.git', 'app'],
    ['https://example.test:8443/a%20b.git', 'https://example.test:8443/a%20b.git', 'a b'],
    ['http://127.0.0.1:3000/app', 'http://127.0.0.1:3000/app', 'app'],
    ['ssh://git@example.test:2222/~ada/app.git', 'ssh://git@example.test:2222/~ada/app.git', 'app'],
    ['ada@example.test:src/app.git', 'ada@example.test:src/app.git', 'app'],
    ['work:src/app', 'work:src/app', 'app'],
    ['git@[::1]:app', 'git@[::1]:app', 'app'],
    ['https://github.com/owner', 'https://github.com/owner', 'owner'],
  ])('%j is somewhere else', (text, source, name) => {
    expect(parse(text)).toEqual({ kind: 'url', source, label: source, name });
  });

  it("keeps a user's name, which may be a token, out of the label", () => {
    const { source, label } = parse('https://FAKE-SECRET-1@example.test/app');
    expect(source).toContain('FAKE-SECRET-1');
    expect(label).toBe('https://example.test/app');
    expect(parse('https://FAKE-SECRET-1@github.com/owner/app').label).not.toContain('SECRET');
  });

  it.each([
    ['/srv/app', '/srv/app', 'app'],
    ['./owner/app', `${CWD}/owner/app`, 'app'],
    ['..', '/home/ada', 'ada'],
    ['.', CWD, 'src'],
    ['~/app', `${homedir()}/app`, 'app'],
    ['~', homedir(), resolve(homedir()).split('/').at(-1) ?? ''],
    ['app', `${CWD}/app`, 'app'],
    ['a/b/c', `${CWD}/a/b/c`, 'c'],
    ['/srv/app.git', '/srv/app.git', 'app'],
    ['/', '/', 'repository'],
    ['/srv/my "app" $HOME 🎉', '/srv/my "app" $HOME 🎉', 'my "app" $HOME 🎉'],
    ['file:///srv/my%20app', '/srv/my app', 'my app'],
  ])('%j is a folder', (text, path, name) => {
    expect(parse(text)).toEqual({ kind: 'local', source: path, label: path, name });
  });

  it.each(['owner/app', 'github.com/owner/app', 'work:app'])(
    '%j is the local folder if there is one',
    (text) => {
      expect(parse(text, [`${CWD}/${text}`])).toMatchObject({
        kind: 'local',
        source: `${CWD}/${text}`,
      });
    },
  );

  it.each([
    ['', /No repository/],
    [' \n', /No repository/],
    ['-uowner/app', /option/],
    ['--upload-pack=touch /tmp/x', /option/],
    ['ext::sh -c touch% /tmp/x', /"ext::"/],
    ['file::/srv/app', /"file::"/],
    ['fd::17', /"fd::"/],
    ['owner/app\nx', /line break/],
    ['owner/\u0007app', /control character/],
    ['git://example.test/app', /git:/],
    ['javascript://alert', /javascript:/],
    ['https://', /valid/],
    ['https://example.test', /names no repository/],
    ['https://example.test/%', /valid/],
    ['https://example.test/a%0ab', /valid/],
    ['ssh://-oProxyCommand=x/app', /option/],
    ['ssh://%2DoProxyCommand=x/app', /option/],
    ['ssh://-x@example.test/app', /option/],
    ['-oProxyCommand=x:app', /option/],
    ['git@-oProxyCommand:app', /option/],
    ['git@example.test:-x', /option/],
    ['file://other.test/srv/app', /this machine/],
    ['https://ada:FAKE-SECRET-1@example.test/app', /password/],
  ])('%j is refused', (text, why) => {
    const parsing = () => parse(text);
    expect(parsing).toThrow(UserError);
    expect(parsing).toThrow(why);
    expect(parsing).not.toThrow(/SECRET/);
  });

  it('never is an option, a helper of git, or more than one line, whatever is typed', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('-', '::', '://', 'ssh', 'https', '@', ':', '/', '.', '~', 'github.com', '%'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        try {
          const { source, label } = parseRepository(pieces.join(''), CWD, nothingThere);
          expect(source).toMatch(/^(\/|https?:\/\/|ssh:\/\/|[^-:/][^:/]*:)/);
          expect(source).not.toMatch(/^\w+::/);
          expect(source + label).not.toMatch(/\p{Cc}/u);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
    );
  });

  it('is found on GitHub by every form of the same place', () => {
    const owner = fc.stringMatching(/^[A-Za-z\d][A-Za-z\d-]{0,20}$/);
    const app = fc
      .stringMatching(/^[\w.-]{1,20}$/)
      .filter((name) => !/^\.{1,2}$|\.git$/i.test(name));
    fc.assert(
      fc.property(owner, app, (who, what) => {
        for (const text of [`github.com/${who}/${what}`, `https://github.com/${who}/${what}.git`])
          expect(parse(text).source).toBe(`https://github.com/${who}/${what}.git`);
        expect(parse(`git@github.com:${who}/${what}.git`).label).toBe(
          `https://github.com/${who}/${what}`,
        );
      }),
    );
  });
});
