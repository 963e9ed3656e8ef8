import { keyText, type ManifestProblem, type ReadManifest } from "../manifest/read-manifest.ts";
import type { FunctionSet } from "../sources/function-set.ts";
import { straySources } from "../sources/unfit.ts";

/**
 * What a deployment would refuse of the files of a manifest's functions, with the lines of the manifest.
 *
 * @param links whole paths
 */
export function checkSources(
  read: ReadManifest,
  set: FunctionSet,
  links: readonly string[],
): readonly ManifestProblem[] {
  const names = Object.keys(read.manifest?.functions ?? {});
  return names
    .filter((name) => set.names.has(name))
    .flatMap((name) => {
      const path = ["functions", name];
      return [
        ...set.startOf(name).misfits.map(({ message }) => message),
        ...straySources(set, name, links).map((each) => `${each}, and what is behind it is not uploaded`),
      ].map((message) => ({ line: read.lineOf(path), key: keyText(path), message }));
    });
}
