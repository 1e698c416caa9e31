import type { CreateProgress } from '../missions/create.ts';
import { removeOauthToken, setOauthToken } from '../missions/oauthToken.ts';
import { openMission, restartMission, stopMission } from '../service/controlMission.ts';
import { type MissionHost, ownCommand, ownEnvironment } from '../service/missionHost.ts';
import { makeMission, type RunRequest, runMission } from '../service/runMission.ts';
import { signIn } from '../service/signIn.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { reportHook } from '../wrapper/reportHook.ts';
import { userAtTerminal } from './askUser.ts';
import type { Context } from './context.ts';
import { complain, endProgress, printProgress } from './output.ts';

/** What a terminal ends a command with. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `agenc-bar mission new NAME [--repo REPO] [--prompt TEXT]` */
export async function newCommand(context: Context, name: string): Promise<number | undefined> {
  const { repo, prompt } = context.options;
  const ending = new AbortController();
  const end = (): void =>
    ending.abort(new UserError('The mission was not made; nothing is left of it.'));
  for (const signal of ENDING) process.once(signal, end);
  const mission = await makeMission(hostOf(context), {
    name,
    repo: typeof repo === 'string' ? repo : null,
    cwd: process.cwd(),
    interactive: process.stdin.isTTY === true,
    signal: ending.signal,
    onProgress: context.json ? () => undefined : showProgress,
  });
  for (const signal of ENDING) process.off(signal, end);
  if (!context.json) endProgress();
  for (const warning of mission.warnings) complain(warning);
  if (context.json) context.printJson(mission);
  else context.print(`Mission "${mission.name}" is made: ${mission.id}`);
  if (typeof prompt !== 'string') return undefined;
  return run(context, mission.id, { headless: true, prompt, resume: false });
}

/** `agenc-bar mission run ID [--headless [--timeout SECONDS]] [--prompt TEXT] [--resume]`; `agenc-bar wrap ID` */
export async function runCommand(context: Context, id: string): Promise<number> {
  const { prompt, timeout } = context.options;
  const headless = context.options.headless === true;
  if (!headless && timeout !== undefined)
    throw new UserError('--timeout belongs to --headless.', ExitCode.usage);
  const seconds = timeout === undefined ? null : Number(timeout);
  if (seconds !== null && !(seconds > 0))
    throw new UserError(`--timeout takes seconds, not "${String(timeout)}".`, ExitCode.usage);
  return run(context, id, {
    headless,
    prompt: typeof prompt === 'string' ? await promptOf(prompt) : null,
    resume: context.options.resume === true,
    ...(seconds !== null && { timeoutMs: seconds * 1_000 }),
  });
}

/** `agenc-bar mission open ID [--resume]` */
export async function openCommand(context: Context, id: string): Promise<undefined> {
  const resume = context.options.resume === true;
  const opened = await openMission(hostOf(context), id, { resume, inTerminal: true });
  const text = `Opened in ${opened.terminal}.${opened.note === undefined ? '' : ` ${opened.note}`}`;
  if (context.json) context.printJson(opened);
  else context.print(text);
}

/** `agenc-bar mission login ID SERVER`: the page's address on stdout, and nowhere else */
export async function loginCommand(
  context: Context,
  id: string,
  server: string,
): Promise<ExitCode> {
  const { json, print, printJson } = context;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of ENDING) process.once(signal, end);
  const result = await signIn({
    host: hostOf(context),
    server,
    missionId: id,
    openUrl: (url) => (json ? printJson({ url }) : print('Open this page to sign in:', url)),
    signal: ending.signal,
  });
  for (const signal of ENDING) process.off(signal, end);
  if (result.status === 'failed') throw new UserError(result.message);
  if (json) printJson(result);
  else if (result.status === 'cancelled') complain('The sign-in was cancelled.');
  else {
    print(`Signed in to "${server}".`);
    for (const name of result.reconnect)
      print(`If it is not connected in "${name}", type there: /mcp reconnect ${server}`);
    if (result.warning !== null) complain(result.warning);
  }
  return result.status === 'signed-in' ? ExitCode.done : ExitCode.failed;
}

/** `agenc-bar mission stop ID` */
export async function stopCommand(context: Context, id: string): Promise<undefined> {
  await stopMission(hostOf(context), id, complain);
  if (context.json) context.printJson({ stopped: id });
  else context.print(`${id} is stopped.`);
}

/** `agenc-bar mission restart ID [--now]` */
export async function restartCommand(context: Context, id: string): Promise<undefined> {
  const mode = context.options.now === true ? 'hard' : 'graceful';
  await restartMission(hostOf(context), id, mode);
  const text = mode === 'hard' ? 'is restarted.' : 'is restarted as soon as Claude is idle.';
  if (context.json) context.printJson({ restarted: id, mode });
  else context.print(`${id} ${text}`);
}

/** `agenc-bar hook EVENT`: for Claude's hooks, which must neither fail nor wait. */
export async function hookCommand({ env }: Context, event: string): Promise<undefined> {
  await reportHook({ event, stdin: process.stdin, env });
}

/** `agenc-bar token set`: from stdin, so that it is in no argument and no history. */
export async function tokenSetCommand(context: Context): Promise<undefined> {
  if (process.stdin.isTTY === true) complain('Paste the token, then Enter and Ctrl-D:');
  await setOauthToken(context.paths.oauthToken, await readStdin());
  if (context.json) context.printJson({ token: 'set' });
  else context.print('The token is kept; missions start with it.');
}

/** `agenc-bar token rm` */
export async function tokenRemoveCommand(context: Context): Promise<undefined> {
  const removed = removeOauthToken(context.paths.oauthToken);
  if (context.json) context.printJson({ removed });
  else context.print(removed ? 'The token is removed.' : 'There was no token.');
}

function run(context: Context, id: string, request: RunRequest): Promise<number> {
  return runMission(hostOf(context), id, request, complain, userAtTerminal());
}

/** `-`: from stdin, so that it is in no argument. */
function promptOf(text: string): Promise<string> {
  return text === '-' ? readStdin() : Promise.resolve(text);
}

async function readStdin(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return text;
}

function hostOf({ paths, env }: Context): MissionHost {
  // The app's own binary is Node only as long as this is set.
  const isElectron = env.ELECTRON_RUN_AS_NODE !== undefined;
  const command = ownCommand(process.argv[1] ?? 'agenc-bar', isElectron);
  return { paths, env: ownEnvironment(env), command };
}

function showProgress({ detail, fraction }: CreateProgress): void {
  printProgress(detail, fraction === undefined ? null : Math.round(fraction * 100));
}
