// A process that takes a lock, says so, and keeps it until it is killed: `node lockHolder.ts PATH`.
import { acquireEngineLock } from '../../main/sync/engineLock.ts';

const [path = ''] = process.argv.slice(2);
const { status } = await acquireEngineLock(path);
process.stdout.write(`${status}\n`);
process.stdin.resume();
