/**
 * `contextBridge`: one end of the way between the page's own world and the preload's isolated one. The
 * worlds share the DOM and nothing else, so both ends speak through events, whose `detail` Chromium
 * clones between worlds; being synchronous, so are calls. The function is self-contained: its text is
 * run inside the page, once in either world.
 */
export interface Bridge {
  /** Only from the isolated world. */
  readonly expose: (key: string, api: unknown) => void;
}

/**
 * @param side the world that this end is in
 * @param secret part of the events' names, so that a page cannot speak as the bridge
 */
export function makeBridge(
  side: 'page' | 'preload',
  secret: string,
  clone: (value: unknown) => unknown,
): Bridge {
  type Anything = (...args: unknown[]) => unknown;
  type Answer = { value?: unknown; error?: string };
  type Settled = Answer & { id: number };
  type Call = { id: number; reply: number; args: unknown[] };
  type Exposed = { key: string; api: unknown; reply: number };
  type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void };

  const other = side === 'page' ? 'preload' : 'page';
  const functions = new Map<number, Anything>();
  const promises = new Map<number, Waiting>();
  let last = 0;

  const isPlain = (value: unknown): value is Record<string, unknown> =>
    Object.prototype.toString.call(value) === '[object Object]';
  const messageOf = (error: unknown): string =>
    error instanceof Error ? error.message : String(error);
  const fire = (type: string, detail: unknown): void => {
    window.dispatchEvent(new CustomEvent(`${secret}:${type}`, { detail }));
  };
  const listen = <T>(type: string, listener: (detail: T) => void, once = false): void => {
    window.addEventListener(
      `${secret}:${type}`,
      (event) => listener((event as CustomEvent<T>).detail),
      { once },
    );
  };

  const wrap = (value: unknown): unknown => {
    if (typeof value === 'function') {
      functions.set(++last, value as Anything);
      return { '@bridge': 'function', id: last };
    }
    if (value instanceof Promise) {
      const id = ++last;
      value.then(
        (result) => fire(`${other}:settled`, { id, value: wrap(result) }),
        (error) => fire(`${other}:settled`, { id, error: messageOf(error) }),
      );
      return { '@bridge': 'promise', id };
    }
    if (value instanceof Error) return { '@bridge': 'error', message: value.message };
    if (Array.isArray(value)) return value.map(wrap);
    // As in Electron: own properties only, the prototype is lost.
    if (isPlain(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wrap(item)]));
    }
    return clone(value);
  };
  const unwrap = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unwrap);
    if (!isPlain(value)) return value;
    const id = value.id as number;
    if (value['@bridge'] === 'function') return (...args: unknown[]) => call(id, args);
    if (value['@bridge'] === 'error') return new Error(value.message as string);
    if (value['@bridge'] === 'promise') {
      return new Promise((resolve, reject) => promises.set(id, { resolve, reject }));
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]));
  };

  /** Asks the other world and gets its answer before this returns, as events are synchronous. */
  const ask = (type: string, message: object): Answer => {
    const reply = ++last;
    let answer: Answer = { error: 'The other world does not answer.' };
    listen<Answer>(
      `${side}:reply:${reply}`,
      (given) => {
        answer = given;
      },
      true,
    );
    fire(`${other}:${type}`, { ...message, reply });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  const answer = (reply: number, work: () => unknown): void => {
    let given: Answer;
    try {
      given = { value: wrap(work()) };
    } catch (error) {
      given = { error: messageOf(error) };
    }
    fire(`${other}:reply:${reply}`, given);
  };
  const call = (id: number, args: unknown[]): unknown =>
    unwrap(ask('call', { id, args: args.map(wrap) }).value);

  listen<Call>(`${side}:call`, ({ id, reply, args }) =>
    answer(reply, () => functions.get(id)?.(...args.map(unwrap))),
  );
  listen<Settled>(`${side}:settled`, ({ id, value, error }) => {
    const waiting = promises.get(id);
    promises.delete(id);
    if (error === undefined) waiting?.resolve(unwrap(value));
    else waiting?.reject(new Error(error));
  });

  const freeze = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    for (const item of Object.values(value)) freeze(item);
    return Object.freeze(value);
  };
  if (side === 'page') {
    listen<Exposed>(`${side}:expose`, ({ key, api, reply }) =>
      answer(reply, () => {
        if (key in window) {
          throw new Error('Cannot bind an API on top of an existing property on the window object');
        }
        Object.defineProperty(window, key, { value: freeze(unwrap(api)), enumerable: true });
      }),
    );
  }
  return {
    expose: (key, api) => {
      ask('expose', { key, api: wrap(api) });
    },
  };
}
