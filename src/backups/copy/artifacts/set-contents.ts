import { readContents, type LoadContext } from "./load.ts";
import type { ArtifactSet } from "./artifact-set.ts";
import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";

/**
 * The tables of contents of a set's archives: each is read from the store once, and only if somebody asks.
 */
export class SetContents {
  readonly #set: ArtifactSet;
  readonly #context: Pick<LoadContext, "store" | "tools" | "toolSet" | "identities">;
  readonly #read = new Map<ArtifactRecord, Promise<readonly TocEntry[]>>();

  constructor(set: ArtifactSet, context: Pick<LoadContext, "store" | "tools" | "toolSet" | "identities">) {
    this.#set = set;
    this.#context = context;
  }

  /**
   * Of the archive that is loaded first, which makes the schema where the set has one; none where it
   * has no archive.
   */
  async first(): Promise<readonly TocEntry[]> {
    const [phase] = this.#set.phases;
    return phase === undefined ? [] : await this.of(phase.artifact);
  }

  /** Of all of them. */
  async all(): Promise<readonly TocEntry[]> {
    const entries: TocEntry[] = [];
    for (const artifact of new Set(this.#set.phases.map((phase) => phase.artifact))) {
      entries.push(...(await this.of(artifact)));
    }
    return entries;
  }

  /** Of one of them. */
  of(artifact: ArtifactRecord): Promise<readonly TocEntry[]> {
    const known = this.#read.get(artifact) ?? readContents(this.#context, artifact);
    this.#read.set(artifact, known);
    // What passes is asked again.
    known.catch(() => this.#read.delete(artifact));
    return known;
  }
}
