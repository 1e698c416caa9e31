import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

type AnswerStep = { callTool: string; input: Record<string, unknown> } | { say: string };

/**
 * What the stand-in model does next: calls a tool, or says something and ends its turn, or refuses this
 * request and every one after it.
 */
export type ModelStep = (AnswerStep | { refuse: string }) & {
  before?: () => void | Promise<void>;
};

export interface MessagesApi {
  /** For `ANTHROPIC_BASE_URL`. */
  url: string;
  /** The text of every tool result that came back, in the order of the calls. */
  toolResults(): string[];
  /** What the user has said so far in the conversation that was last gone on with. */
  prompts(): string[];
  close(): Promise<void>;
}

interface MessagesRequest {
  stream?: boolean;
  tools?: { name: string }[];
  messages: { role: string; content: string | ContentBlock[] }[];
}

interface ContentBlock {
  type: string;
  text?: string;
  tool_use_id?: string;
  content?: string | ContentBlock[];
}

/**
 * A stand-in of the Messages API on loopback. A model without a mind: it takes one step per request of
 * the session's main loop; side requests (they offer no tools) get an empty word.
 */
export async function startMessagesApi(steps: readonly ModelStep[]): Promise<MessagesApi> {
  const toolResults = new Map<string, string>();
  let prompts: string[] = [];
  let taken = 0;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages')) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    const asked = JSON.parse(body) as MessagesRequest;
    if (request.url.includes('count_tokens')) {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":1}');
      return;
    }
    const step = await nextStep(asked);
    if ('refuse' in step) {
      const error = { type: 'invalid_request_error', message: step.refuse };
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ type: 'error', error }));
      return;
    }
    if (asked.stream === true) stream(response, step);
    else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ ...message(), content: [block(step)], ...ending(step) }));
    }
  }

  async function nextStep(asked: MessagesRequest): Promise<ModelStep> {
    if ((asked.tools ?? []).length === 0) return { say: 'ok' };
    // Each request repeats the whole conversation, and the client may add notes after a result.
    for (const block of asked.messages.flatMap(({ content }) =>
      typeof content === 'string' ? [] : content,
    )) {
      if (block.type === 'tool_result' && block.tool_use_id !== undefined) {
        toolResults.set(block.tool_use_id, textOf(block.content));
      }
    }
    prompts = asked.messages
      .filter(({ role }) => role === 'user')
      .map(({ content }) => textOf(content));
    const step = steps[taken] ?? { say: 'done' };
    if (!('refuse' in step)) taken += 1;
    await step.before?.();
    return step;
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    toolResults: () => [...toolResults.values()],
    prompts: () => prompts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function message() {
  return {
    id: `msg_${randomUUID()}`,
    type: 'message',
    role: 'assistant',
    model: 'stand-in',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
}

function block(step: AnswerStep): object {
  if ('say' in step) return { type: 'text', text: step.say };
  return { type: 'tool_use', id: `toolu_${randomUUID()}`, name: step.callTool, input: step.input };
}

function ending(step: AnswerStep): object {
  return { stop_reason: 'say' in step ? 'end_turn' : 'tool_use', stop_sequence: null };
}

/** The same answer as server-sent events. */
function stream(response: ServerResponse, step: AnswerStep): void {
  const whole = block(step);
  const [start, delta] =
    'say' in step
      ? [
          { ...whole, text: '' },
          { type: 'text_delta', text: step.say },
        ]
      : [
          { ...whole, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(step.input) },
        ];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of [
    { type: 'message_start', message: message() },
    { type: 'content_block_start', index: 0, content_block: start },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: ending(step), usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function textOf(content: string | ContentBlock[] | undefined): string {
  if (typeof content === 'string') return content;
  return content?.map((part) => part.text ?? '').join('') ?? '';
}
