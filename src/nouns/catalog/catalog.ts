import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { collect, once } from "../../kernel/streams.ts";
import { MiB } from "../../kernel/bytes.ts";
import type { BlobFacts, BlobStore } from "../../ports/blob-store.ts";
import { compactTime } from "./backup-id.ts";
import { readDocument, writeDocument, type SealedDocument } from "../store/sealed-document.ts";
import {
  manifest,
  MANIFEST_FORMATS,
  receipt,
  RECEIPT_FORMATS,
  recordedFinding,
  type Manifest,
  type Receipt,
} from "./manifest.ts";
import {
  artifactFolder,
  byNewest,
  manifestPath,
  parseArtifactPath,
  parseManifestPath,
  receiptFolder,
  type BackupKey,
} from "./paths.ts";
import { DATABASE, LOCKS, MANIFESTS, RECEIPTS } from "../store/layout.ts";

/**
 * A manifest of a database with 100,000 objects has about 15 MB; anything near this limit is not a manifest.
 */
const DOCUMENT_SIZE_MAX = 256 * MiB;

/** A backup whose manifest was read and checked. */
export interface Backup {
  readonly key: BackupKey;
  readonly manifest: Manifest;
  /** Names exactly this manifest; receipts and the next manifest quote it. */
  readonly sha256: string;
}

/** Artifacts that no manifest speaks of: left by a run that was killed, or of one still running. */
export interface Orphan {
  readonly key: BackupKey;
  readonly bytes: number;
  readonly blobs: number;
  readonly newest: Date;
}

/**
 * The backups of a store. A thin noun over the blob store: paths, documents and their checks; it
 * holds no state.
 */
export class Catalog {
  readonly store: BlobStore;

  constructor(store: BlobStore) {
    this.store = store;
  }

  /**
   * Every backup's key, newest first, without reading manifests. Throws if the store could not be
   * asked completely.
   */
  async keys(filter: { source?: string | undefined; tier?: string | undefined } = {}): Promise<BackupKey[]> {
    const prefix = filter.source
      ? `${MANIFESTS}${filter.source}/${filter.tier ? `${filter.tier}/` : ""}`
      : MANIFESTS;
    const keys: BackupKey[] = [];
    for await (const blob of this.store.list(prefix)) {
      const key = parseManifestPath(blob.path);
      if (key && (!filter.tier || key.tier === filter.tier)) keys.push(key);
    }
    return keys.sort(byNewest);
  }

  /** Whether the store holds something, and nothing of what a store of ours begins with. */
  async isForeign(): Promise<boolean> {
    for (const folder of [MANIFESTS, DATABASE, RECEIPTS, LOCKS]) {
      if (!(await this.#isEmpty(folder))) return false;
    }
    return !(await this.#isEmpty(""));
  }

  async #isEmpty(prefix: string): Promise<boolean> {
    for await (const _ of this.store.list(prefix)) return false;
    return true;
  }

  /**
   * Reads one manifest and checks that it is whole and belongs where it lies.
   *
   * @throws store.not-found (it was removed since it was listed), catalog.damaged, catalog.unknown-format,
   *   store.lied (two reads differ)
   */
  async read(key: BackupKey): Promise<Backup> {
    const path = manifestPath(key);
    const { value, sha256 } = await this.#readTwiceIfDamaged(path, (bytes) =>
      readDocument(bytes, manifest, MANIFEST_FORMATS, `manifest ${path}`),
    );
    if (value.id !== key.id || value.source !== key.source || value.tier !== key.tier) {
      throw new HoldfastError(
        "catalog.damaged",
        `manifest ${path} is that of ${value.source}/${value.tier}/${value.id}`,
        {
          hint: "A manifest was copied over another one; restore the right file from a copy of the store.",
        },
      );
    }
    const folder = artifactFolder(key);
    for (const artifact of value.artifacts) {
      if (!artifact.path.startsWith(folder)) {
        throw new HoldfastError(
          "catalog.damaged",
          `manifest ${path} names an artifact outside its own folder: ${artifact.path}`,
          {
            hint: "The manifest was not written by Holdfast; do not restore from it.",
          },
        );
      }
    }
    return { key, manifest: value, sha256 };
  }

  /** Makes the backup exist: the last effect of a backup. Returns the manifest's checksum. */
  async commit(value: Manifest): Promise<string> {
    const { bytes, sha256 } = writeDocument(manifest.parse(value));
    await this.store.put(manifestPath(value), once(bytes), {
      contentType: "application/json",
      sizeHint: bytes.length,
    });
    return sha256;
  }

  /** Adds a receipt; receipts are never edited. Returns its path. */
  async addReceipt(value: Receipt): Promise<string> {
    const { bytes } = writeDocument(
      receipt.parse({ ...value, findings: value.findings.map(recordedFinding) }),
    );
    const time = compactTime(new Date(value.finishedAt));
    // Two receipts of one second and kind get a counter, so that neither is lost.
    for (let attempt = 1; ; attempt += 1) {
      const path =
        `${receiptFolder(value.backup)}${time}-${value.kind}` + `${attempt === 1 ? "" : `.${attempt}`}.json`;
      try {
        await this.store.put(path, once(bytes), { contentType: "application/json", sizeHint: bytes.length });
        return path;
      } catch (error) {
        if (!isHoldfastError(error, "store.exists") || attempt >= 100) throw error;
      }
    }
  }

  /** Paths of all receipts, by backup id: one listing instead of one per backup. */
  async receiptPaths(): Promise<Map<string, string[]>> {
    const paths = new Map<string, string[]>();
    for await (const blob of this.store.list(RECEIPTS)) {
      const id = blob.path.slice(RECEIPTS.length).split("/")[0] ?? "";
      if (blob.path.endsWith(".json")) paths.set(id, [...(paths.get(id) ?? []), blob.path]);
    }
    return paths;
  }

  /** Reads one receipt. */
  async readReceipt(path: string): Promise<SealedDocument<Receipt>> {
    return this.#readTwiceIfDamaged(path, (bytes) =>
      readDocument(bytes, receipt, RECEIPT_FORMATS, `receipt ${path}`),
    );
  }

  /** Artifacts without a manifest, newest first. */
  async orphans(): Promise<Orphan[]> {
    const groups = new Map<string, { key: BackupKey; blobs: BlobFacts[] }>();
    for await (const blob of this.store.list(DATABASE)) {
      const key = parseArtifactPath(blob.path);
      if (!key) continue;
      const group = groups.get(manifestPath(key)) ?? { key, blobs: [] };
      group.blobs.push(blob);
      groups.set(manifestPath(key), group);
    }
    // Manifests are listed after the artifacts: a backup committed in between is seen as a backup, not
    // as an orphan.
    for (const key of await this.keys()) groups.delete(manifestPath(key));
    return [...groups.values()]
      .map(({ key, blobs }) => ({
        key,
        blobs: blobs.length,
        bytes: blobs.reduce((sum, blob) => sum + blob.size, 0),
        newest: new Date(Math.max(...blobs.map((blob) => blob.modifiedAt.getTime()))),
      }))
      .sort((a, b) => byNewest(a.key, b.key));
  }

  async #readTwiceIfDamaged<T>(path: string, parse: (bytes: Buffer) => T): Promise<T> {
    const read = async (): Promise<Buffer> => {
      const { size, content } = await this.store.get(path);
      if (size > DOCUMENT_SIZE_MAX) {
        throw new HoldfastError(
          "catalog.damaged",
          `${path} has ${size} bytes, which no manifest or receipt has`,
          {
            hint: "It was not written by Holdfast; restore the right file from a copy of the store.",
          },
        );
      }
      const bytes = await collect(content, DOCUMENT_SIZE_MAX);
      if (bytes.length !== size) throw lied(path, `it announced ${size} bytes and gave ${bytes.length}`);
      return bytes;
    };
    const first = await read();
    try {
      return parse(first);
    } catch (error) {
      if (!isHoldfastError(error, "catalog.damaged")) throw error;
      const second = await read();
      if (!second.equals(first)) throw lied(path, "two reads gave different bytes");
      throw error;
    }
  }
}

function lied(path: string, how: string): HoldfastError {
  return new HoldfastError("store.lied", `the store did not give ${path} faithfully: ${how}`, {
    hint:
      "The backup may well be whole: run again, and if it repeats check the network path " +
      "and the storage service.",
  });
}
