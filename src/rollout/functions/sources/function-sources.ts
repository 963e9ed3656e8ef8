import { sha256 } from "../../../kernel/streams.ts";
import { digestOfFiles, type HashedFile } from "../../../nouns/release-unit/file-digest.ts";
import type { FunctionFile } from "../../../ports/function-host.ts";
import type { Smoke } from "../manifest/manifest.ts";

/** By what a function is started. */
export interface Started {
  /** One of the files. */
  readonly entrypoint: string;
  readonly importMap: string | undefined;
  readonly staticFiles: readonly string[];
}

/** A function as it is to be served. */
export interface WantedFunction extends Started {
  readonly slug: string;
  /** As a manifest says it; undefined where none does. */
  readonly version: string | undefined;
  /** `sources-1`: see {@link digestOfSources}. */
  readonly digest: string;
  /** Undefined: as it is live, and yes for a new one. */
  readonly verifyJwt: boolean | undefined;
  readonly files: readonly (HashedFile & { readonly size: number })[];
  readonly smoke: Smoke | undefined;
  /** The files with their bytes. @throws what the store throws; artifact.missing, artifact.damaged */
  load(): Promise<readonly FunctionFile[]>;
}

/**
 * What a function is made of and started by, as one number: `sources-1` in docs/formats.md. Its declared
 * version and whether a token is asked for are no part of it: neither changes what runs.
 */
export function digestOfSources(
  files: readonly HashedFile[],
  { entrypoint, importMap, staticFiles }: Started,
): string {
  const patterns = [...new Set(staticFiles)].sort();
  return sha256(JSON.stringify(["sources-1", digestOfFiles(files), entrypoint, importMap ?? null, patterns]));
}
