import { posix } from "node:path";
import type * as z from "zod";
import { MiB } from "../../../kernel/bytes.ts";
import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { inOrder } from "../../../kernel/in-order.ts";
import { collect, once, sha256 } from "../../../kernel/streams.ts";
import { concernsOneDocument } from "../../../nouns/store/one-document.ts";
import { FUNCTIONS } from "../../../nouns/store/layout.ts";
import { readDocument, writeDocument } from "../../../nouns/store/sealed-document.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";
import type { FunctionFile, LiveFunction, UploadedFunction } from "../../../ports/function-host.ts";
import {
  snapshotDocument,
  sourceDocument,
  uploadDocument,
  type SnapshotDocument,
  type SourceDocument,
  type StoredFile,
  type UploadDocument,
} from "./documents.ts";

/** A snapshot of some hundred functions with some thousand files. */
const DOCUMENT_MAX = 64 * MiB;
const FILE_MAX = 128 * MiB;
const AT_ONCE = 8;

/** Named one by one: a rule of the store's that archives what is old has soon archived a hundred. */
const NAMED_MAX = 5;

type ArchiveStore = Pick<BlobStore, "put" | "get" | "list" | "url">;

/** By what the host names the bundle that is served; where it does not say, by its version. */
export function bundleOf(live: Pick<LiveFunction, "bundle" | "id" | "version">): string {
  // It becomes part of a blob's path, and comes from outside.
  if (live.bundle !== undefined && /^[0-9A-Za-z]{8,128}$/.test(live.bundle)) return live.bundle.toLowerCase();
  return `v${live.version}-${sha256(live.id).slice(0, 16)}`;
}

/** What is kept of a function, the newest first, and why some of it could not be read. */
export interface KeptSources {
  readonly sources: readonly SourceDocument[];
  readonly unread: readonly HoldfastError[];
}

/** What a run has uploaded of a function, the newest last, and why some of it could not be read. */
export interface KeptUploads {
  readonly uploads: readonly UploadDocument[];
  readonly unread: readonly HoldfastError[];
}

/**
 * What a store keeps of one project's functions. Laws: files first, then the document that names them, then
 * the snapshot that names all: killed anywhere, what is named is there. Nothing is ever changed; the same
 * bytes lie there once. Of several documents one that cannot be read is told, and the others count.
 */
export class FunctionArchive {
  readonly project: string;
  readonly #store: ArchiveStore;
  readonly #folder: string;
  /** Digests of sources by bundle by function: what was seen to be what. */
  readonly #known = new Map<string, Map<string, Set<string>>>();
  /** Files that this process has put or found. */
  readonly #files = new Set<string>();
  readonly #warn: (text: string) => void;
  /** Paths that could not be read: each is told once. */
  readonly #told = new Set<string>();

  private constructor(store: ArchiveStore, project: string, warn: (text: string) => void) {
    this.#store = store;
    this.#warn = warn;
    this.project = project;
    this.#folder = `${FUNCTIONS}${project}/`;
  }

  /**
   * Lists what is known of bundles.
   *
   * @param warn told of documents that cannot be read
   * @throws what the store throws
   */
  static async open(
    store: ArchiveStore,
    project: string,
    warn: (text: string) => void,
  ): Promise<FunctionArchive> {
    const archive = new FunctionArchive(store, project, warn);
    const folder = `${archive.#folder}sources/`;
    for await (const { path } of store.list(folder)) {
      const [slug = "", bundle = "", file = ""] = path.slice(folder.length).split("/");
      archive.#learn(slug, bundle, file.replace(/\.json$/, ""));
    }
    return archive;
  }

  /** Whether the bundle was seen to be made of these sources. */
  isMadeOf(slug: string, bundle: string, digest: string): boolean {
    return this.#known.get(slug)?.get(bundle)?.has(digest) === true;
  }

  /** Whether the store keeps sources of it. */
  knows(slug: string, bundle: string): boolean {
    return this.#known.get(slug)?.has(bundle) === true;
  }

  /**
   * What is kept of a bundle, what was uploaded before what was had back; undefined where nothing is that can
   * be read.
   */
  async sourcesOf(slug: string, bundle: string): Promise<SourceDocument | undefined> {
    const digests = [...(this.#known.get(slug)?.get(bundle) ?? [])].sort();
    const all: SourceDocument[] = [];
    for (const digest of digests) {
      const read = await this.#source(this.#sourcePath(slug, bundle, digest));
      if (!(read instanceof HoldfastError)) all.push(read);
    }
    return all.find(({ origin }) => origin === "uploaded") ?? all[0];
  }

  /** Keeps files; those that lie there already are not sent again. */
  async keepFiles(files: readonly FunctionFile[]): Promise<readonly StoredFile[]> {
    const stored: StoredFile[] = [];
    const keep = async ({ path, bytes }: FunctionFile): Promise<StoredFile> => {
      const digest = sha256(bytes);
      if (!this.#files.has(digest)) {
        await this.#put(`${this.#folder}files/${digest}`, bytes, "application/octet-stream");
        this.#files.add(digest);
      }
      return { path, size: bytes.length, sha256: digest };
    };
    for await (const each of inOrder(files, AT_ONCE, keep)) stored.push(each);
    return stored;
  }

  /** Writes down of what a bundle is made. Its files are kept before. */
  async keepSources(sources: Omit<SourceDocument, "format" | "project">): Promise<void> {
    const document: SourceDocument = {
      format: "holdfast.function-sources/1",
      project: this.project,
      ...sources,
    };
    const path = this.#sourcePath(sources.slug, sources.bundle, sources.digest);
    await this.#put(path, writeDocument(document).bytes, "application/json");
    this.#learn(sources.slug, sources.bundle, sources.digest);
  }

  /** Makes a snapshot. @throws store.exists where there is one of that id */
  async keepSnapshot(snapshot: Omit<SnapshotDocument, "format" | "project">): Promise<void> {
    const document: SnapshotDocument = {
      format: "holdfast.function-snapshot/1",
      project: this.project,
      ...snapshot,
    };
    const { bytes } = writeDocument(document);
    await this.#store.put(this.#snapshotPath(snapshot.id), once(bytes), { contentType: "application/json" });
  }

  /** Ids of snapshots, the newest first. */
  async snapshots(): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const { path } of this.#store.list(`${this.#folder}snapshots/`)) {
      const id = /\/(\d{8}T\d{6}Z-[0-9a-f]{6})\.json$/.exec(path)?.[1];
      if (id !== undefined) ids.push(id);
    }
    return ids.reverse();
  }

  /** Undefined where there is none of that id. @throws catalog.damaged, catalog.unknown-format */
  async snapshot(id: string): Promise<SnapshotDocument | undefined> {
    try {
      return await this.#read(this.#snapshotPath(id), snapshotDocument, "holdfast.function-snapshot/1");
    } catch (error) {
      if (isHoldfastError(error, "store.not-found")) return undefined;
      throw error;
    }
  }

  /** All sources that are kept of a function. */
  async allSourcesOf(slug: string): Promise<KeptSources> {
    const sources: SourceDocument[] = [];
    const unread: HoldfastError[] = [];
    for (const [bundle, digests] of this.#known.get(slug) ?? []) {
      for (const digest of digests) {
        const read = await this.#source(this.#sourcePath(slug, bundle, digest));
        if (read instanceof HoldfastError) unread.push(read);
        else sources.push(read);
      }
    }
    return { sources: sources.sort((a, b) => (a.made < b.made ? 1 : -1)), unread };
  }

  /** The bytes of kept files, each held against its name. @throws artifact.missing, artifact.damaged */
  async load(files: readonly StoredFile[]): Promise<readonly FunctionFile[]> {
    const loaded: FunctionFile[] = [];
    for await (const each of inOrder(files, AT_ONCE, (file) => this.#file(file))) loaded.push(each);
    return loaded;
  }

  /** Writes down what the host said of an upload. */
  async keepUpload(run: string, slug: string, digest: string, uploaded: UploadedFunction): Promise<void> {
    const { entrypoint = null, importMap = null, bundle = null, ...rest } = uploaded;
    const document: UploadDocument = {
      format: "holdfast.function-upload/1",
      run,
      slug,
      digest,
      "verify-jwt": uploaded.verifyJwt,
      uploaded: { ...rest, entrypoint, importMap, bundle },
    };
    const { bytes, sha256: name } = writeDocument(document);
    const version = String(uploaded.version).padStart(9, "0");
    await this.#put(
      `${this.#runFolder(run)}${slug}/${version}-${name.slice(0, 16)}.json`,
      bytes,
      "application/json",
    );
  }

  /** What this run has uploaded so far, by function, the newest last. */
  async uploads(run: string): Promise<ReadonlyMap<string, KeptUploads>> {
    const folder = this.#runFolder(run);
    const paths: string[] = [];
    for await (const { path } of this.#store.list(folder)) paths.push(path);
    const found = new Map<string, { uploads: UploadDocument[]; unread: HoldfastError[] }>();
    const read = async (path: string): Promise<readonly [string, UploadDocument | HoldfastError]> => [
      path.slice(folder.length).split("/")[0]!,
      await this.#readOr(path, uploadDocument, "holdfast.function-upload/1"),
    ];
    for await (const [slug, each] of inOrder(paths, AT_ONCE, read)) {
      const kept = found.get(slug) ?? { uploads: [], unread: [] };
      found.set(slug, kept);
      if (each instanceof HoldfastError) kept.unread.push(each);
      else kept.uploads.push(each);
    }
    return found;
  }

  #learn(slug: string, bundle: string, digest: string): void {
    const bundles = this.#known.get(slug) ?? new Map<string, Set<string>>();
    this.#known.set(slug, bundles);
    bundles.set(bundle, (bundles.get(bundle) ?? new Set()).add(digest));
  }

  async #file({ path, size, sha256: digest }: StoredFile): Promise<FunctionFile> {
    const blob = `${this.#folder}files/${digest}`;
    let bytes: Buffer;
    try {
      bytes = await collect((await this.#store.get(blob)).content, FILE_MAX);
    } catch (error) {
      if (!isHoldfastError(error, "store.not-found")) throw error;
      throw new HoldfastError(
        "artifact.missing",
        `${blob}, which is ${path} of a function, is not in the store`,
        {
          hint: "Take another snapshot, or the release's commit.",
          cause: error,
        },
      );
    }
    if (bytes.length === size && sha256(bytes) === digest) return { path, bytes };
    throw new HoldfastError(
      "artifact.damaged",
      `${blob}, which is ${path} of a function, is not what was kept`,
      {
        hint: "Take another snapshot, or the release's commit.",
      },
    );
  }

  async #put(path: string, bytes: Buffer, contentType: string): Promise<void> {
    try {
      await this.#store.put(path, once(bytes), { contentType, sizeHint: bytes.length });
    } catch (error) {
      // It is named after its content, or says the same of the same thing.
      if (!isHoldfastError(error, "store.exists")) throw error;
    }
  }

  async #read<T>(path: string, schema: z.ZodType<T>, format: string): Promise<T> {
    const bytes = await collect((await this.#store.get(path)).content, DOCUMENT_MAX);
    return readDocument(bytes, schema, format, path).value;
  }

  #source(path: string): Promise<SourceDocument | HoldfastError> {
    return this.#readOr(path, sourceDocument, "holdfast.function-sources/1");
  }

  /** One of several. @returns why it cannot be read, where that concerns it alone */
  async #readOr<T>(path: string, schema: z.ZodType<T>, format: string): Promise<T | HoldfastError> {
    try {
      return await this.#read(path, schema, format);
    } catch (error) {
      if (!concernsOneDocument(error)) throw error;
      this.#tell(path, error);
      return error;
    }
  }

  #tell(path: string, { message }: HoldfastError): void {
    if (this.#told.has(path)) return;
    this.#told.add(path);
    if (this.#told.size <= NAMED_MAX) {
      this.#warn(`${path} could not be read, and does not count: ${message}`);
    } else if (this.#told.size === NAMED_MAX + 1) {
      this.#warn("more of what is kept of functions could not be read");
    }
  }

  #sourcePath(slug: string, bundle: string, digest: string): string {
    return posix.join(this.#folder, "sources", slug, bundle, `${digest}.json`);
  }

  #snapshotPath(id: string): string {
    return `${this.#folder}snapshots/${id}.json`;
  }

  #runFolder(run: string): string {
    return `${this.#folder}runs/${run}/`;
  }
}

/** The upload as the host's port takes it. */
export function uploadedIn({ uploaded }: UploadDocument): UploadedFunction {
  return {
    ...uploaded,
    entrypoint: uploaded.entrypoint ?? undefined,
    importMap: uploaded.importMap ?? undefined,
    bundle: uploaded.bundle ?? undefined,
  };
}
