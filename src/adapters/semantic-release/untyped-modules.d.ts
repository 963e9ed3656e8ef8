/** The parts that are used here of packages that come without types. */
declare module "@semantic-release/commit-analyzer" {
  export function analyzeCommits(pluginConfig: object, context: object): Promise<string | null>;
}

declare module "@semantic-release/release-notes-generator" {
  export function generateNotes(pluginConfig: object, context: object): Promise<string>;
}

declare module "conventional-changelog-conventionalcommits" {
  export default function createPreset(): Promise<{ readonly parser: object; readonly writer: object }>;
}

declare module "conventional-changelog-angular" {
  export default function createPreset(): Promise<{ readonly parser: object; readonly writer: object }>;
}
