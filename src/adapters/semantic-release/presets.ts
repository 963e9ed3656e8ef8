import createAngular from "conventional-changelog-angular";
import createConventional from "conventional-changelog-conventionalcommits";
import type { Preset } from "../../ports/release-calculation.ts";

/** What plugins are given instead of a preset's name, which they would look for in the project. */
export interface PresetOptions {
  readonly parserOpts: object;
  readonly writerOpts: object;
}

const CREATE: Readonly<Record<Preset, () => Promise<{ parser: object; writer: object }>>> = {
  conventionalcommits: async () => createConventional(),
  angular: async () => createAngular(),
};

export async function presetOptions(preset: Preset): Promise<PresetOptions> {
  const { parser, writer } = await CREATE[preset]();
  return { parserOpts: parser, writerOpts: writer };
}
