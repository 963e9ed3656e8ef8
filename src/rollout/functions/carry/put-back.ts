import { HoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import { quantity } from "../../../kernel/quantity.ts";
import type { Observed, Undo } from "../../../nouns/runbook/runbook.ts";
import type { UploadedFunction } from "../../../ports/function-host.ts";
import { bundleOf } from "../archive/archive.ts";
import type { SnapshotDocument } from "../archive/documents.ts";
import { wantedIn } from "../archive/wanted-in.ts";
import type { WantedFunction } from "../sources/function-sources.ts";
import type { Live } from "./live-view.ts";
import type { Reached, Rollout } from "./reached.ts";
import { isServed, uploadOf } from "./uploads.ts";

/**
 * Takes a set back to what the run's snapshot has of it. An old version cannot be had from the host, so its
 * sources are uploaded and activated like any other; functions that the run has made are removed.
 */
export class PutBack {
  readonly #slugs: readonly string[];
  readonly #reached: Reached;

  constructor(wanted: readonly WantedFunction[], reached: Reached) {
    this.#slugs = wanted.map(({ slug }) => slug);
    this.#reached = reached;
  }

  undo(kind: Rollout["kind"]): Undo {
    return {
      title: `put back what was served before this ${kind === "deploy" ? "deployment" : "rollback"}`,
      observe: ({ signal }) => this.#observe(signal),
      act: ({ signal, progress }) => this.#act(signal, progress),
    };
  }

  async #observe(signal: AbortSignal): Promise<Observed> {
    const { live } = this.#reached;
    live.forget();
    const { back, made } = this.#open(await this.#snapshot(), await live.now(signal));
    const count = back.length + made.length;
    if (count === 0) return { kind: "true", what: "everything is served as it was before" };
    const names = [...back.map(({ slug }) => slug), ...made];
    return { kind: "missing", what: `puts back ${quantity(count, "function")}: ${listed(names, 8)}` };
  }

  async #act(signal: AbortSignal, progress: (text: string) => void): Promise<void> {
    const { host, archive, live } = this.#reached;
    const served = await live.now(signal);
    const { back, made } = this.#open(await this.#snapshot(), served);
    const again = async (each: WantedFunction): Promise<UploadedFunction> => {
      const upload = await uploadOf(each, served.get(each.slug));
      const uploaded = await host.upload(upload, signal);
      // Its bundle may be another one than before: whoever built it may have been renewed.
      await archive.keepSources({
        slug: each.slug,
        bundle: bundleOf(uploaded),
        origin: "uploaded",
        entrypoint: each.entrypoint,
        "import-map": each.importMap ?? null,
        "static-files": [...each.staticFiles],
        digest: each.digest,
        version: each.version ?? null,
        smoke: each.smoke ?? null,
        files: [...each.files],
        made: this.#reached.clock.now().toISOString(),
        run: this.#reached.run,
      });
      progress(`uploaded ${each.slug} as it was`);
      return uploaded;
    };
    const uploaded: UploadedFunction[] = [];
    try {
      // The host keeps no more than a handful of calls under way.
      for (const each of await Promise.all(back.map(again))) uploaded.push(each);
      if (uploaded.length > 0) await host.activate(uploaded, signal);
      for (const slug of made) await host.remove(slug, signal);
    } finally {
      live.forget();
    }
  }

  /** What is not as the snapshot has it: to be put back, and made since. */
  #open(
    snapshot: SnapshotDocument,
    served: Live,
  ): { readonly back: readonly WantedFunction[]; readonly made: readonly string[] } {
    const { archive } = this.#reached;
    const was = new Map(snapshot.functions.map((each) => [each.slug, each]));
    const back: WantedFunction[] = [];
    const made: string[] = [];
    for (const slug of this.#slugs) {
      const before = was.get(slug);
      if (before === undefined) {
        if (served.has(slug)) made.push(slug);
        continue;
      }
      const now = served.get(slug);
      const isAsItWas = now !== undefined && now.id === before.id && now.version === before["live-version"];
      const wanted = wantedIn(before, archive);
      if (!isAsItWas && !isServed(wanted, now, archive)) back.push(wanted);
    }
    return { back, made };
  }

  async #snapshot(): Promise<SnapshotDocument> {
    const { archive, id } = this.#reached;
    const kept = await archive.snapshot(id);
    if (kept !== undefined) return kept;
    throw new HoldfastError("artifact.missing", `the snapshot ${id} of this run is not in the store`, {
      hint: "Deploy the functions of the release that was served before.",
    });
  }
}
