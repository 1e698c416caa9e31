/**
 * Node's `http`, asked for without `import`: an import reads every export at once, and one of them
 * (`WebSocket`) loads a whole client, which was a third of the time that a command takes to start.
 */
export const { createServer, request } = process.getBuiltinModule('node:http');
