import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What package.json says before the first release. */
const UNRELEASED = "0.0.0";

/** The tag that moves: what those name us by who want every release of a major version by itself. */
const MAJOR = "v1";

/** Holdfast as `uses:` names it: an action, a workflow, or the repository, and the ref behind it. */
const OWN_USES = /(\btruststream\/holdfast(?:\/[\w./-]+)?@)v\d[\w.+-]*/g;

/** The version in package.json. */
export function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string })
    .version;
}

/**
 * The ref by which what a version ships names Holdfast's own actions: the version's own tag, which never
 * moves. A `v1` inside of a workflow that somebody has pinned by its commit would undo that pin. Before the
 * first release there is no tag to name.
 */
export function ownReference(version: string): string {
  return version === UNRELEASED ? MAJOR : `v${version}`;
}

/** A text in which every `truststream/holdfast…@v…` has the given ref. */
export function namedBy(reference: string, text: string): string {
  return text.replace(OWN_USES, (_, name: string) => name + reference);
}
