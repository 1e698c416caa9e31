#!/usr/bin/env node
import { refuseInspector } from '../system/noInspector.ts';
import { reportHook } from '../wrapper/reportHook.ts';

refuseInspector();

// `agenc-bar hook EVENT` is run at every prompt, and Claude waits for it: it loads none of the rest.
// No await here: what is loaded imports this very bundle again.
const [command, event, ...more] = process.argv.slice(2);
if (command === 'hook' && event !== undefined && !event.startsWith('-') && more.length === 0)
  reportHook({ event, stdin: process.stdin, env: process.env });
else import('./program.ts').then(({ runProgram }) => runProgram());
