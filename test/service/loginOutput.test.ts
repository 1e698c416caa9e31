import { describe, expect, it } from 'vitest';
import { findAuthorizationPage, lastWords } from '../../main/service/loginOutput.ts';
import { scriptArguments } from '../../main/service/loginTerminal.ts';

const PAGE = 'https://id.example.test/authorize?response_type=code&client_id=x&state=abc';

describe('the authorization page in what the client printed', () => {
  it.each([
    ['plain', `Visit this URL to authorize:\r\n  ${PAGE}\r\n`],
    ['in a hyperlink', `\u001b]8;;${PAGE}\u0007here\u001b]8;;\u0007\r\n`],
    ['after a link to some help', `See https://code.claude.com/docs\r\n${PAGE}\r\n`],
  ])('is found %s', (_, output) => {
    expect(findAuthorizationPage(output)).toEqual({ kind: 'page', url: PAGE });
  });

  it('is taken only when it has come whole', () => {
    expect(findAuthorizationPage(`Visit ${PAGE}`)).toEqual({ kind: 'none' });
    expect(findAuthorizationPage('')).toEqual({ kind: 'none' });
  });

  it.each([
    'http://localhost:3/a?client_id=x',
    'http://127.0.0.1:3/a?client_id=x',
    'http://[::1]:3/a?client_id=x',
  ])('may be unencrypted on loopback: %s', (url) =>
    expect(findAuthorizationPage(`${url}\n`)).toEqual({ kind: 'page', url }),
  );

  it('may not be unencrypted elsewhere, and what is said of it holds no state', () => {
    const found = findAuthorizationPage('http://localhost.example.test/a?client_id=x&state=abc\n');
    expect(found).toEqual({ kind: 'refused', origin: 'http://localhost.example.test' });
  });

  it('is never of another scheme', () => {
    const output = 'file:///etc/passwd?client_id=x\njavascript:alert(1)?client_id=x\n';
    expect(findAuthorizationPage(output)).toEqual({ kind: 'none' });
  });
});

describe('the client’s last words', () => {
  it('are its last line, without colours', () => {
    const output =
      'Starting…\r\n\u001b[0m\u001b[31mNo MCP server named "x".\u001b[0m\r\n\u001b[?25h';
    expect(lastWords(output)).toBe('No MCP server named "x".');
    expect(lastWords('\r\n\u001b[?25h')).toBe(null);
  });

  it('hold no address and nothing that could be a token', () => {
    const token = 'A1b2'.repeat(12);
    expect(lastWords(`${PAGE}\nRefused: ${token}\nsee ${PAGE}\n`)).toBe('Refused: …');
  });
});

describe('the terminal', () => {
  const argv = ['/bin/claude', 'mcp', 'login', '--', "a'; rm -rf ~"];
  it('is given words by util-linux as one quoted command', () => {
    expect(scriptArguments(argv, 'linux')).toEqual([
      '-qfec',
      `exec /bin/claude mcp login -- 'a'\\''; rm -rf ~'`,
      '/dev/null',
    ]);
  });
  it('is given them by BSD as they are', () => {
    expect(scriptArguments(argv, 'darwin')).toEqual(['-q', '/dev/null', ...argv]);
  });
});
