import type { WantedFunction } from "../sources/function-sources.ts";
import type { FunctionArchive } from "./archive.ts";
import type { SnapshotFunction, SourceDocument } from "./documents.ts";

/** A function as a snapshot, or what is kept of its sources, has it. */
export function wantedIn(kept: SnapshotFunction | SourceDocument, archive: FunctionArchive): WantedFunction {
  return {
    slug: kept.slug,
    version: kept.version ?? undefined,
    digest: kept.digest,
    entrypoint: kept.entrypoint,
    importMap: kept["import-map"] ?? undefined,
    staticFiles: kept["static-files"],
    verifyJwt: "verify-jwt" in kept ? kept["verify-jwt"] : undefined,
    files: kept.files,
    // That of its own version: what is asked of another one it may never have known.
    smoke: kept.smoke ?? undefined,
    load: () => archive.load(kept.files),
  };
}
