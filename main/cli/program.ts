import { Command, CommanderError, Option } from 'commander';
import { shown } from '../service/contract/shown.ts';
import { errorText } from '../system/errors.ts';
import { agencPaths, agencRoot } from '../system/paths.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import type { Context } from './context.ts';
import { complain, flushed, print, printJson } from './output.ts';

type Work = (context: Context, ...words: never[]) => Promise<number | undefined>;

// Loaded by the command that needs it: most ask an engine, and few need one of their own.
const doctor = () => import('./doctorCommand.ts');
const engine = () => import('./engineCommands.ts');
const log = () => import('./logCommand.ts');
const missions = () => import('./missionCommands.ts');
const runs = () => import('./runCommands.ts');
const status = () => import('./statusCommand.ts');
const sync = () => import('./syncCommand.ts');

/** The `agenc-bar` command (docs/cli.md). Every command takes `--agenc-dir` and `--json`. */
function program(): Command {
  const top = new Command('agenc-bar')
    .description('Keeps the MCP sign-ins of many Claude Code sessions in step.')
    .configureOutput({
      outputError: (text, write) => {
        const what = text.trim().replace(/^error: /, '');
        write(`agenc-bar: ${shown(what)}; "agenc-bar help" shows how.\n`);
      },
    });

  command(top, 'sync', 'run the engine in the foreground until Ctrl-C', () =>
    sync().then((all) => all.syncCommand),
  );
  command(top, 'status', 'show the global entry, the missions and what needs attention', () =>
    status().then((all) => all.statusCommand),
  );
  command(top, 'resync [mission]', 'read everything again and heal what is unusable', () =>
    engine().then((all) => all.resyncCommand),
  );
  command(top, 'log', 'show the sync log', () => log().then((all) => all.logCommand))
    .option('--follow', 'go on with what happens from now on')
    .option('--mission <id>', 'only what concerns one mission');
  command(top, 'alerts', 'list what needs attention', () =>
    engine().then((all) => all.alertsCommand),
  );
  command(
    top,
    'resolve <alert> <answer>',
    'answer what needs attention: "restore" or "remove" (a wipe), "keep" or "accept" (tampering), ' +
      '"former" or "dismiss" (a replaced sign-in), "dismiss" (a conflict)',
    () => engine().then((all) => all.resolveCommand),
  );
  command(top, 'hook <event>', 'for the hooks of a mission’s Claude', () =>
    runs().then((all) => all.hookCommand),
  );
  command(top, 'doctor', 'look for what could be wrong, and say how to mend it', () =>
    doctor().then((all) => all.doctorCommand),
  ).option('--remove-leftovers', 'remove what dead processes and removed missions left behind');

  const journal = group(top, 'journal', 'server values that a sync removed or replaced');
  command(journal, 'ls', 'list them, newest first', () =>
    engine().then((all) => all.journalLsCommand),
  );
  command(journal, 'restore <id>', 'put one back everywhere', () =>
    engine().then((all) => all.journalRestoreCommand),
  );

  const token = group(top, 'token', 'the OAuth token that missions start Claude with');
  command(token, 'set', 'keep the one that comes on stdin', () =>
    runs().then((all) => all.tokenSetCommand),
  );
  command(token, 'rm', 'forget it', () => runs().then((all) => all.tokenRemoveCommand));

  const mission = group(top, 'mission', 'the missions');
  command(mission, 'ls', 'list them', () => missions().then((all) => all.missionLsCommand));
  command(mission, 'new <name>', 'make one', () => runs().then((all) => all.newCommand))
    .option('--repo <repo>', 'clone this folder, GitHub reference or address into it')
    .option('--prompt <text>', 'then run it headless with this');
  running(
    command(mission, 'run <id>', 'run it here, until Claude ends', () =>
      runs().then((all) => all.runCommand),
    ),
  );
  running(
    command(top, 'wrap <id>', 'the same; what terminals are opened with', () =>
      runs().then((all) => all.runCommand),
    ),
  );
  command(mission, 'open <id>', 'run it in a terminal window of its own', () =>
    runs().then((all) => all.openCommand),
  ).option('--resume', 'go on with its last conversation');
  command(
    mission,
    'login <id> <server>',
    'sign in to an MCP server, in its config, for all missions',
    () => runs().then((all) => all.loginCommand),
  );
  command(mission, 'stop <id>', 'end it, and write it back', () =>
    runs().then((all) => all.stopCommand),
  );
  command(
    mission,
    'restart <id>',
    'end its Claude as soon as that is idle, and start it again',
    () => runs().then((all) => all.restartCommand),
  ).option('--now', 'without waiting until it is idle');
  command(mission, 'attach <folder>', 'keep any other CLAUDE_CONFIG_DIR in step too', () =>
    missions().then((all) => all.attachCommand),
  ).option('--name <name>', 'what to call it');
  command(mission, 'detach <id>', 'let an attached folder go; nothing in it is touched', () =>
    missions().then((all) => all.detachCommand),
  );
  command(
    mission,
    'rm <id>',
    'write a stopped mission back, then delete its entry and folder',
    () => missions().then((all) => all.removeCommand),
  ).option('--delete-work', 'also delete what lies in its work folder');
  return top;
}

function running(made: Command): void {
  made
    .option('--headless', 'without a terminal: the prompt in, the answer to claude-output.log')
    .option('--prompt <text>', 'what to ask; "-" reads it from stdin')
    .option('--timeout <seconds>', 'end it after this, headless')
    .option('--resume', 'go on with its last conversation');
}

function group(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description);
}

function command(
  parent: Command,
  usage: string,
  description: string,
  load: () => Promise<Work>,
): Command {
  const made = parent.command(usage).description(description);
  made.addOption(new Option('--agenc-dir <dir>', 'the folder to work on').env('AGENC_DIRPATH'));
  made.option('--json', 'print JSON');
  made.action(async (...values: unknown[]) => {
    const options = made.opts<{ agencDir?: string; json?: boolean }>();
    const context: Context = {
      paths: agencPaths(agencRoot(options.agencDir)),
      env: process.env,
      json: options.json ?? false,
      options,
      print,
      printJson,
    };
    // Commander hands over the words, then the options, then itself.
    const words = values.slice(0, -2) as never[];
    const work = await load();
    process.exitCode = (await work(context, ...words)) ?? ExitCode.done;
  });
  return made;
}

/** Errors for people: one line on stderr. @returns the exit code */
function report(error: unknown): ExitCode {
  // Commander has printed its own; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  const text =
    error instanceof UserError ? error.message : `Something went wrong: ${errorText(error)}`;
  complain(text);
  return error instanceof UserError ? error.exitCode : ExitCode.failed;
}

/** Runs the command that the arguments of this process ask for, and sets its exit code. */
export async function runProgram(): Promise<void> {
  // `agenc-bar log | head` closes the pipe early: that is no error of ours.
  // An engine goes the way of Ctrl-C, so that it writes back first.
  process.stdout.on('error', () => {
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM');
    else process.exit(ExitCode.done);
  });
  const top = program();
  for (const each of [top, ...top.commands, ...top.commands.flatMap((one) => one.commands)])
    each.exitOverride();
  try {
    await top.parseAsync();
  } catch (error) {
    const code = report(error);
    await flushed();
    process.exit(code);
  }
}
