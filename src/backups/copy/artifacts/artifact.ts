import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { drain, Meter, metered, type ByteStream } from "../../../kernel/streams.ts";
import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";
import { recipientsOf } from "../../../nouns/seal/age.ts";
import { unseal } from "../../../nouns/seal/seal.ts";

/**
 * Reading a backup's artifacts back: every byte is hashed on both sides of the seal and held against the
 * manifest. A difference is looked at twice before the backup is blamed, so that a store or network that
 * gives wrong bytes is told apart from a backup that is damaged.
 */

/**
 * Reads every stored byte and compares size and hash with the manifest.
 *
 * @throws artifact.missing, artifact.damaged, store.lied, or what the store throws
 */
export async function verifyStored(
  store: BlobStore,
  artifact: ArtifactRecord,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const first = await readStored(store, artifact, onBytes);
  if (first.problem === undefined) return;
  const second = await readStored(store, artifact, () => undefined);
  throw blame(artifact, first, second);
}

/**
 * The archive inside an artifact, as pg_dump wrote it. Ends normally only when every stored and every plain
 * byte was as promised.
 *
 * @param identities age secret keys; ignored for an unencrypted artifact
 * @param onBytes called with stored bytes as they arrive
 * @throws artifact.missing, artifact.damaged, store.lied, seal.identity, or what the store throws
 */
export async function* openArtifact(
  store: BlobStore,
  artifact: ArtifactRecord,
  identities: readonly string[],
  onBytes: (bytes: number) => void,
): ByteStream {
  const plain = new Meter();
  const stored = new Meter();
  try {
    const source = metered(storedBytes(store, artifact, onBytes), stored);
    yield* metered(unseal(source, keysFor(artifact, identities)), plain);
  } catch (error) {
    if (!isHoldfastError(error, "seal.damaged", "seal.identity", "artifact.damaged", "store.lied")) {
      throw error;
    }
    if (error.code === "seal.identity" && !(await isRecipient(artifact, identities))) {
      throw await anotherKey(artifact, identities, error);
    }
    throw await blameSeal(store, artifact, identities, error);
  }
  if (stored.size !== artifact.stored.size || stored.sha256 !== artifact.stored.sha256) {
    const again = await readStored(store, artifact, () => undefined);
    throw blame(artifact, { problem: "the stored bytes have another hash", sha256: stored.sha256 }, again);
  }
  if (plain.size !== artifact.plain.size || plain.sha256 !== artifact.plain.sha256) {
    throw damaged(artifact, "the decrypted archive is not the one that was dumped");
  }
}

/** A complete read of the stored bytes, and what is wrong with it. */
interface StoredRead {
  readonly problem: string | undefined;
  readonly sha256: string;
  readonly cause?: unknown;
}

async function readStored(
  store: BlobStore,
  artifact: ArtifactRecord,
  onBytes: (bytes: number) => void,
): Promise<StoredRead> {
  const meter = new Meter();
  try {
    for await (const chunk of storedBytes(store, artifact, onBytes)) meter.update(chunk);
  } catch (cause) {
    if (!isHoldfastError(cause, "artifact.damaged", "store.lied")) throw cause;
    return { problem: cause.message, sha256: `error: ${cause.code}`, cause };
  }
  const same = meter.sha256 === artifact.stored.sha256 && meter.size === artifact.stored.size;
  return { problem: same ? undefined : "the stored bytes have another hash", sha256: meter.sha256 };
}

async function* storedBytes(
  store: BlobStore,
  artifact: ArtifactRecord,
  onBytes: (bytes: number) => void,
): ByteStream {
  let answer;
  try {
    answer = await store.get(artifact.path);
  } catch (cause) {
    if (!isHoldfastError(cause, "store.not-found")) throw cause;
    throw new HoldfastError(
      "artifact.missing",
      `${artifact.path} is promised by the manifest and not in the store`,
      {
        hint: "Restore another backup; if the store keeps deleted blobs (soft delete), undelete this one.",
        cause,
      },
    );
  }
  let received = 0;
  for await (const chunk of answer.content) {
    received += chunk.byteLength;
    onBytes(chunk.byteLength);
    yield chunk;
  }
  if (received !== answer.size) {
    throw lied(artifact, `it announced ${answer.size} bytes and gave ${received}`);
  }
  if (received !== artifact.stored.size) {
    throw damaged(artifact, `it has ${received} bytes instead of ${artifact.stored.size}`);
  }
}

/**
 * Who is to blame when the seal broke: the stored bytes are read again, and if those are right the seal
 * is tried again.
 */
async function blameSeal(
  store: BlobStore,
  artifact: ArtifactRecord,
  identities: readonly string[],
  error: HoldfastError,
): Promise<HoldfastError> {
  const first = { problem: error.message, sha256: "", cause: error };
  const again = await readStored(store, artifact, () => undefined);
  if (again.problem !== undefined) return blame(artifact, first, again);
  try {
    await drain(
      unseal(
        storedBytes(store, artifact, () => undefined),
        keysFor(artifact, identities),
      ),
    );
  } catch (cause) {
    if (!isHoldfastError(cause, "seal.damaged", "seal.identity")) throw cause;
    return damaged(
      artifact,
      "the stored bytes are as recorded, but they do not decrypt and decompress",
      cause,
    );
  }
  return blame(artifact, first, again);
}

/**
 * Whether one of the identities must open the artifact, by what the manifest says: if it then does not, the
 * bytes are at fault.
 */
async function isRecipient(artifact: ArtifactRecord, identities: readonly string[]): Promise<boolean> {
  const recipients = await recipientsOf(identities);
  return recipients.some((recipient) => artifact.encryption.recipients.includes(recipient));
}

/** Public keys tell which key is wanted and which were given; none of them is a secret. */
async function anotherKey(
  { path, encryption }: ArtifactRecord,
  identities: readonly string[],
  cause: HoldfastError,
): Promise<HoldfastError> {
  const given = await recipientsOf(identities);
  return new HoldfastError("seal.identity", `${cause.message}: ${path}`, {
    hint:
      `It was encrypted to ${encryption.recipients.join(", ")}, ` +
      `and ${given.length === 1 ? "the identity given is that" : "the identities given are those"} ` +
      `of ${given.join(", ")}: use the identity that belongs to one of the first.`,
    cause,
  });
}

function keysFor(artifact: ArtifactRecord, identities: readonly string[]): readonly string[] | null {
  return artifact.encryption.format === "none" ? null : identities;
}

/**
 * Who is to blame when a read went wrong: a second read that is right, or wrong in another way,
 * convicts the store.
 */
function blame(artifact: ArtifactRecord, first: StoredRead, second: StoredRead): HoldfastError {
  if (second.problem === undefined) {
    return lied(artifact, `${first.problem}, but a second read was right`, first.cause);
  }
  if (first.sha256 !== "" && first.sha256 !== second.sha256) {
    return lied(artifact, "two reads gave different bytes", first.cause);
  }
  if (isHoldfastError(second.cause, "store.lied")) return second.cause;
  return damaged(artifact, second.problem, first.cause);
}

function damaged(artifact: ArtifactRecord, how: string, cause?: unknown): HoldfastError {
  const what = `${artifact.path} is damaged: `;
  // A problem that was met while reading says so already.
  return new HoldfastError("artifact.damaged", how.startsWith(what) ? how : what + how, {
    hint:
      "This backup cannot be trusted. `holdfast list` says which others are verified; " +
      "`--backup latest-verified` takes the newest of them.",
    cause,
  });
}

function lied(artifact: ArtifactRecord, how: string, cause?: unknown): HoldfastError {
  return new HoldfastError("store.lied", `the store did not give ${artifact.path} faithfully: ${how}`, {
    hint:
      "The backup may well be whole: run again, and if it repeats check the network path " +
      "and the storage service.",
    cause,
  });
}
