// Stands in for `claude`. FAKE_TRACE names a file for what it sees; FAKE_CLAUDE says, word by word, what it does:
//   crash CODE · print TEXT · flood BYTES · ignore SIGNAL · note SIGNAL · raw · wait · exit CODE
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const args = process.argv.slice(2);
const configDir = process.env.CLAUDE_CONFIG_DIR ?? '';

/** Values only of what is ours and made up; of everything else the names. */
trace('claude-start', {
  args,
  cwd: process.cwd(),
  claudePid: process.pid,
  pidFile: readIfThere(join(dirname(configDir), 'pid')),
  configDir,
  missionId: process.env.AGENC_MISSION_UUID ?? null,
  token: process.env.CLAUDE_CODE_OAUTH_TOKEN ?? null,
  secret: process.env.FROM_OP ?? null,
  userVariable: process.env.USER_VARIABLE ?? null,
  tty: process.stdin.isTTY === true && process.stdout.isTTY === true,
  prompt: args.includes('--print') ? await text(process.stdin) : null,
  cmdline: readIfThere('/proc/self/cmdline'),
});

const words = (process.env.FAKE_CLAUDE ?? 'wait').split(' ');
while (words.length > 0) {
  const word = words.shift();
  switch (word) {
    case 'crash':
      process.stderr.write('Something broke.\nInvalid configuration: no such thing.\n');
      process.exit(Number(words.shift()));
      break;
    case 'print':
      await new Promise((resolve) => process.stdout.write(`${words.shift()}\n`, resolve));
      break;
    case 'flood':
      await flood(Number(words.shift()));
      break;
    case 'ignore':
      process.on(words.shift(), () => undefined);
      break;
    case 'note': {
      const signal = words.shift();
      process.on(signal, () => trace('claude-signal', { signal }));
      break;
    }
    case 'raw':
      process.stdin.setRawMode(true);
      break;
    case 'wait':
      process.stdout.write('ready\n');
      trace('claude-ready', {});
      for (;;) await new Promise((resolve) => setTimeout(resolve, 10 ** 6));
    case 'exit':
      process.exit(Number(words.shift()));
      break;
    case 'stty':
      trace('stty', {
        stty: spawnSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'pipe'] }).stdout.toString(),
      });
      break;
    default:
      throw new Error(`fake claude knows no ${word}`);
  }
}

async function flood(bytes) {
  const line = `${'x'.repeat(99)}\n`;
  for (let left = bytes; left > 0; left -= line.length) {
    if (!process.stdout.write(line))
      await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

function trace(what, details) {
  const path = process.env.FAKE_TRACE;
  if (path !== undefined) appendFileSync(path, `${JSON.stringify({ what, ...details })}\n`);
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
