/**
 * The part of release-notes-generator's plugin interface that is used here; the package comes without types.
 */
declare module "@semantic-release/release-notes-generator" {
  export function generateNotes(pluginConfig: object, context: object): Promise<string>;
}

declare module "conventional-changelog-conventionalcommits" {
  export default function createPreset(): Promise<{ readonly parser: object; readonly writer: object }>;
}
