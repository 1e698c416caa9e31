/** The layers of docs/architecture.md, held by a tool. @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    rule(
      'main-needs-no-window',
      '^main/',
      '^(electron|renderer)/|node_modules/(electron|react)(/|$)',
    ),
    rule(
      'renderer-knows-only-the-contract',
      '^renderer/',
      '^(electron|main)/',
      '^main/service/contract',
    ),
    rule('nothing-imports-electron', '^(main|renderer)/', '^electron/'),
    rule('product-does-not-import-tests', '^(main|electron|renderer)/', '^test/'),
    rule(
      'credentials-are-pure',
      '^main/credentials/',
      '^(main/(?!credentials/)|node:(?!crypto$)|fs)',
    ),
    rule('system-is-the-ground-floor', '^main/system/', '^main/(?!system/)'),
    rule('stores-know-no-missions', '^main/stores/', '^main/(?!(stores|system)/)'),
    rule('broadcast-stands-alone', '^main/broadcast/', '^main/(?!(broadcast|system)/)'),
    rule('trust-knows-no-engine', '^main/trust/', '^main/(?!(trust|credentials|system)/)'),
    rule('missions-know-no-engine', '^main/missions/', '^main/(?!(missions|stores|system)/)'),
    rule('journal-knows-no-engine', '^main/journal/', '^main/(?!(journal|stores|system)/)'),
    rule(
      'refresh-knows-no-service',
      '^main/refresh/',
      '^main/(service|cli|wrapper|terminals|broadcast)/',
    ),
    rule('terminals-stand-alone', '^main/terminals/', '^main/(?!(terminals|system)/)'),
    rule(
      'wrapper-knows-no-engine',
      '^main/wrapper/',
      '^main/(?!(wrapper|missions|stores|system)/)',
    ),
    rule(
      'engine-knows-no-service',
      '^main/sync/',
      '^main/(service|cli)/',
      '^main/service/contract/answers',
    ),
    rule('service-knows-no-command-line', '^main/service/', '^main/cli/'),
    rule(
      'the-contract-imports-only-zod',
      '^main/service/contract',
      '.',
      'node_modules/zod|^main/service/contract',
    ),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^out/' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
    tsPreCompilationDeps: true,
  },
};

function rule(name, from, to, except) {
  return {
    name,
    severity: 'error',
    from: { path: from },
    to: except === undefined ? { path: to } : { path: to, pathNot: except },
  };
}
