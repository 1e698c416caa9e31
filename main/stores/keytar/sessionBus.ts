import { existsSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';

/**
 * The little of D-Bus that it takes to ask a service a question: connect to the session bus, call
 * methods whose arguments are strings, read an answer that is a string, an object path or a boolean.
 * Speaking it here needs no `gdbus`, `busctl` or `dbus-send` on PATH and starts no process.
 * Specification: https://dbus.freedesktop.org/doc/dbus-specification.html
 */
interface SessionBus {
  /** @throws DbusError the service's own error, or the bus's */
  call(method: DbusMethod): Promise<string | boolean>;
  close(): void;
}

interface DbusMethod {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

/** An error reply. `name` is D-Bus's, such as `org.freedesktop.DBus.Error.ServiceUnknown`. */
export class DbusError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(`${name}: ${message}`);
    this.name = name;
  }
}

const METHOD_CALL = 1;
const METHOD_RETURN = 2;
const ERROR = 3;
const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  signature: 8,
};
const FIXED_HEADER_BYTES = 16;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** The sockets at which the session bus may be, as GLib (and so libsecret) looks for it; empty: there is no bus. */
export function sessionBusSockets(env: NodeJS.ProcessEnv): string[] {
  const runtime = env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, 'bus') : null;
  const address = env.DBUS_SESSION_BUS_ADDRESS;
  if (!address) return runtime !== null && existsSync(runtime) ? [runtime] : [];
  return address.split(';').flatMap((one) => {
    const [transport, rest = ''] = one.split(/:(.*)/s);
    if (transport !== 'unix') return [];
    const options = new Map(
      rest.split(',').map((pair) => pair.split(/=(.*)/s) as [string, string]),
    );
    const path = options.get('path');
    const abstract = options.get('abstract');
    if (path) return [unescaped(path)];
    if (abstract) return [`\0${unescaped(abstract)}`];
    return options.get('runtime') === 'yes' && runtime !== null ? [runtime] : [];
  });
}

/** D-Bus addresses escape bytes as `%41`. */
function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not UTF-8 once unescaped: as it stands it names no socket, and connecting will say so.
    return value;
  }
}

/**
 * Connects to the first of the sockets that answers.
 * @param signal ends the connection and whatever waits on it
 * @throws the system's error if none of them can be connected to
 */
export async function connectSessionBus(
  sockets: readonly string[],
  signal: AbortSignal,
): Promise<SessionBus> {
  let last: unknown = new Error('no socket to connect to');
  for (const path of sockets) {
    try {
      return await openBus(path, signal);
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  }
  throw last;
}

async function openBus(path: string, signal: AbortSignal): Promise<SessionBus> {
  const socket = createConnection({ path, signal });
  const input = createReader(socket);
  let serial = 0;

  const bus: SessionBus = {
    async call(method) {
      serial += 1;
      const mine = serial;
      socket.write(encodeCall(method, mine));
      for (;;) {
        // The bus may send signals in between, such as NameAcquired after Hello.
        const message = decodeMessage(await input.message());
        if (message.replySerial !== mine) continue;
        if (message.type === ERROR) throw new DbusError(message.errorName, String(message.value));
        return message.value;
      }
    },
    close: () => socket.destroy(),
  };

  try {
    const uid = process.getuid?.() ?? 0;
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`);
    const answer = await input.line();
    if (!answer.startsWith('OK ')) throw new Error(`the session bus refused us: ${answer}`);
    socket.write('BEGIN\r\n');
    const own = 'org.freedesktop.DBus';
    const path = '/org/freedesktop/DBus';
    await bus.call({ destination: own, path, interface: own, member: 'Hello', args: [] });
    return bus;
  } catch (error) {
    bus.close();
    throw error;
  }
}

/** Cuts what a socket receives into lines and messages. One reader at a time. */
function createReader(socket: Socket) {
  let buffered = Buffer.alloc(0);
  let ended: Error | null = null;
  let wake: () => void = () => undefined;
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    wake();
  });
  socket.on('error', (error) => {
    ended = error;
    wake();
  });
  socket.on('close', () => {
    ended ??= new Error('the session bus closed the connection');
    wake();
  });

  /** Waits until `measure` says how many bytes the next piece has, and they are there. */
  async function take(measure: (bytes: Buffer) => number | null): Promise<Buffer> {
    for (;;) {
      const length = measure(buffered);
      if (length !== null && length <= buffered.length) {
        const piece = buffered.subarray(0, length);
        buffered = buffered.subarray(length);
        return piece;
      }
      if (ended !== null) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async line(): Promise<string> {
      const bytes = await take((all) => (all.includes('\r\n') ? all.indexOf('\r\n') + 2 : null));
      return bytes.toString('latin1').trimEnd();
    },
    message: (): Promise<Buffer> =>
      take((all) => {
        if (all.length < FIXED_HEADER_BYTES) return null;
        const u32 = wordReader(all);
        const length = align(FIXED_HEADER_BYTES + u32(12), 8) + u32(4);
        if (length > MAX_MESSAGE_BYTES) throw new Error('the session bus sent too large a message');
        return length;
      }),
  };
}

const align = (offset: number, to: number): number => Math.ceil(offset / to) * to;

/** Every message says its own byte order in its first byte. */
function wordReader(message: Buffer): (offset: number) => number {
  return message[0] === 0x6c ? (at) => message.readUInt32LE(at) : (at) => message.readUInt32BE(at);
}

function encodeCall(method: DbusMethod, serial: number): Buffer {
  const body = encodeAll(method.args.map((arg) => [4, encodeString(arg)]));
  const field = (code: number, type: string, value: Buffer): [number, Buffer] => [
    8,
    Buffer.concat([Buffer.from([code]), encodeSignature(type), value]),
  ];
  const fields = [
    field(FIELD.path, 'o', encodeString(method.path)),
    field(FIELD.interface, 's', encodeString(method.interface)),
    field(FIELD.member, 's', encodeString(method.member)),
    field(FIELD.destination, 's', encodeString(method.destination)),
  ];
  const bodyType = 's'.repeat(method.args.length);
  if (bodyType !== '') fields.push(field(FIELD.signature, 'g', encodeSignature(bodyType)));
  const header = encodeAll(fields);

  const fixed = Buffer.alloc(FIXED_HEADER_BYTES);
  fixed.write('l', 0); // little-endian
  fixed[1] = METHOD_CALL;
  fixed[3] = 1; // the protocol's version
  fixed.writeUInt32LE(body.length, 4);
  fixed.writeUInt32LE(serial, 8);
  fixed.writeUInt32LE(header.length, 12);
  return encodeAll([
    [1, fixed],
    [1, header],
    [8, body],
  ]);
}

/** Puts pieces one after the other, each aligned to a multiple of its number. */
function encodeAll(pieces: readonly (readonly [alignment: number, bytes: Buffer])[]): Buffer {
  let all = Buffer.alloc(0);
  for (const [alignment, bytes] of pieces) {
    const padding = Buffer.alloc(align(all.length, alignment) - all.length);
    all = Buffer.concat([all, padding, bytes]);
  }
  return all;
}

function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes, Buffer.from([0])]);
}

function encodeSignature(signature: string): Buffer {
  return Buffer.concat([Buffer.from([signature.length]), Buffer.from(signature), Buffer.from([0])]);
}

interface Message {
  readonly type: number;
  readonly replySerial: number | null;
  readonly errorName: string;
  /** The first value of the body if it is one of the types we ask for, else `false`. */
  readonly value: string | boolean;
}

function decodeMessage(message: Buffer): Message {
  const u32 = wordReader(message);
  const type = message[1] ?? 0;
  const string = (at: number): string => message.toString('utf8', at + 4, at + 4 + u32(at));
  const signature = (at: number): string =>
    message.toString('latin1', at + 1, at + 1 + (message[at] ?? 0));

  let replySerial: number | null = null;
  let errorName = '';
  let bodyType = '';
  const end = FIXED_HEADER_BYTES + u32(12);
  for (let at = FIXED_HEADER_BYTES; at < end; ) {
    at = align(at, 8);
    const code = message[at];
    const fieldType = signature(at + 1);
    const value = at + 4; // code, signature (length, one letter, NUL); aligned to 4 already
    if (code === FIELD.replySerial) replySerial = u32(value);
    if (code === FIELD.errorName) errorName = string(value);
    if (code === FIELD.signature) bodyType = signature(value);
    // Header fields are strings, object paths, signatures and 32-bit numbers.
    if (fieldType === 's' || fieldType === 'o') at = value + 4 + u32(value) + 1;
    else if (fieldType === 'g') at = value + 1 + (message[value] ?? 0) + 1;
    else at = value + 4;
  }

  const body = align(end, 8);
  const answers = type === METHOD_RETURN || type === ERROR;
  const read = (kind: string, at: number): string | boolean => {
    if (kind.startsWith('s') || kind.startsWith('o')) return string(at);
    if (kind === 'b') return u32(at) !== 0;
    // A variant: its own signature, then its value; ours are one letter, so the value starts 4 bytes on.
    if (kind === 'v') return read(signature(at), at + 4);
    return false;
  };
  return {
    type,
    replySerial: answers ? replySerial : null,
    errorName,
    value: read(bodyType, body),
  };
}
