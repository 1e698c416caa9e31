import type { Configuration } from 'electron-builder';
import trimInfoPlist from './build/trimInfoPlist.ts';

/**
 * How the app is packed (docs/packaging.md). electron-builder does not look for a file of this name:
 * `electron-builder --config electron-builder.config.ts`.
 */
const config: Configuration = {
  appId: 'io.github.agenc-bar',
  productName: 'AgenC Bar',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder fills it in.
  artifactName: 'agenc-bar-${version}-${arch}.${ext}',
  directories: { output: 'dist', buildResources: 'build' },

  asar: true,
  asarUnpack: ['node_modules/{keytar,fs-native-extensions}/**'],
  // Both bring binaries for N-API, the same for Node and Electron: there is nothing to rebuild.
  npmRebuild: false,
  extraResources: [
    { from: 'build/agenc-bar', to: 'bin/agenc-bar' },
    // Outside the archive, so that everybody can read them; Electron brings its own.
    { from: 'LICENSE', to: 'LICENSE' },
    { from: 'out/LICENCES.txt', to: 'LICENCES.txt' },
  ],
  afterPack: trimInfoPlist,
  // There is no updater, so no channel file either.
  publish: null,

  electronFuses: {
    // Stays on: the packed app runs its own command. `resources/bin/agenc-bar` is
    // `ELECTRON_RUN_AS_NODE=1 <app> <resources>/app.asar/out/cli.js …`, so that no second Node has to be
    // shipped. What it costs: who may start programs as this user can start this one with code of his own.
    runAsNode: true,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    // The page is served from agenc-bar://app/, never from file://.
    grantFileProtocolExtraPrivileges: false,
    // Flipping fuses breaks the ad-hoc signature that Apple silicon insists on. A build that is then
    // signed with a certificate does not need this; one without would not start.
    resetAdHocDarwinSignature: true,
  },

  mac: {
    target: [
      { target: 'dmg', arch: ['universal'] },
      { target: 'zip', arch: ['universal'] },
    ],
    category: 'public.app-category.developer-tools',
    icon: 'build/icon.icns',
    // What Electron 44 and later need.
    minimumSystemVersion: '13.0',
    darkModeSupport: true,
    electronLanguages: ['en'],
    // It lives in the menu bar: no Dock icon, no application menu.
    extendInfo: {
      LSUIElement: true,
      NSAppleEventsUsageDescription: 'AgenC Bar opens your missions in Terminal or iTerm.',
    },
    files: filesWithNativesFor('darwin-*'),
    // Both halves of a universal app carry the binaries for both, and that is meant.
    x64ArchFiles: '**/node_modules/{keytar,fs-native-extensions}/prebuilds/**',
    hardenedRuntime: true,
    entitlements: 'build/entitlements.mac.plist',
    entitlementsInherit: 'build/entitlements.mac.inherit.plist',
    // Notarised when the environment says as whom (docs/packaging.md), else not at all.
    notarize: true,
  },
  dmg: { writeUpdateInfo: false },

  linux: {
    target: [
      { target: 'AppImage', arch: ['x64', 'arm64'] },
      { target: 'deb', arch: ['x64', 'arm64'] },
    ],
    // Not `agenc-bar`: the deb links the executable into /usr/bin, and that name is the command's.
    executableName: 'agenc-bar-app',
    executableArgs: [],
    icon: 'build/icons',
    category: 'Development;Utility',
    synopsis: 'Keeps the MCP sign-ins of Claude Code sessions in step',
    syncDesktopName: true,
    desktop: {
      entry: {
        GenericName: 'MCP sign-in sync',
        Keywords: 'Claude;MCP;OAuth;sign-in;credentials;',
        // It starts into the tray: no window would ever end a busy cursor.
        StartupNotify: 'false',
      },
    },
    electronLanguages: ['en-US'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: electron-builder fills it in.
    files: filesWithNativesFor('linux-${arch}'),
  },
  deb: { packageCategory: 'utils' },
  // The legacy AppImage tools start every app with --no-sandbox; these do not.
  toolsets: { appimage: '1.0.3' },

  // Electron takes its Wayland app id and WM_CLASS from here; the desktop entry has the same name.
  extraMetadata: { desktopName: 'io.github.agenc-bar.desktop' },
};

export default config;

/**
 * What goes into the app. Vite has put everything into four bundles; beside them are the native packages,
 * keytar and fs-native-extensions with what that needs: their scripts, licences and one platform's
 * binaries. Said in full per platform: a platform's list of nothing but exclusions would mean
 * "everything else in the project".
 */
function filesWithNativesFor(platform: string): string[] {
  return [
    'out/**',
    '!out/**/*.map',
    '!out/LICENCES.txt',
    'assets/tray/**',
    'package.json',
    '!node_modules/node-addon-api{,/**}',
    '!node_modules/keytar/{build,script,src}{,/**}',
    '!node_modules/keytar/{binding.gyp,README.md}',
    '!node_modules/fs-native-extensions/{include,src}{,/**}',
    '!node_modules/fs-native-extensions/{binding.c,macros.h,CMakeLists.txt,README.md}',
    // For Bare, another runtime.
    '!node_modules/fs-native-extensions/prebuilds/**/*.bare',
    `!node_modules/{keytar,fs-native-extensions}/prebuilds/!(${platform}){,/**}`,
  ];
}
