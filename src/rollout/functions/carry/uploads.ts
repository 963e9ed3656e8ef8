import { withHint, type HoldfastError } from "../../../kernel/errors.ts";
import type { FunctionUpload, LiveFunction, UploadedFunction } from "../../../ports/function-host.ts";
import { bundleOf, uploadedIn, type FunctionArchive } from "../archive/archive.ts";
import type { WantedFunction } from "../sources/function-sources.ts";

/**
 * What a run has uploaded and not yet activated. The host shows such a bundle to nobody, so that only what it
 * said of it, written down in the store, tells a run that goes on that it need not be uploaded again.
 */
export class Uploads {
  readonly #archive: FunctionArchive;
  readonly #run: string;
  #kept: Promise<Map<string, Kept>> | undefined;

  constructor(archive: FunctionArchive, run: string) {
    this.#archive = archive;
    this.#run = run;
  }

  /**
   * The upload of these sources that can be activated now; undefined where there is none, or where the
   * function has moved on since.
   */
  async of(wanted: WantedFunction, live: LiveFunction | undefined): Promise<UploadedFunction | undefined> {
    const verifyJwt = wantedJwt(wanted, live);
    const all = (await this.#all()).get(wanted.slug)?.uploads ?? [];
    return all
      .filter(({ digest, uploaded }) => digest === wanted.digest && uploaded.verifyJwt === verifyJwt)
      .filter(
        ({ uploaded }) => live === undefined || (uploaded.id === live.id && uploaded.version > live.version),
      )
      .at(-1)?.uploaded;
  }

  /** Whether this run has uploaded what the host now serves. */
  async isOurs(live: LiveFunction): Promise<boolean> {
    const all = (await this.#all()).get(live.slug)?.uploads ?? [];
    // Somebody else's deployment of the same moment has the same version, and another bundle.
    return all.some(
      ({ uploaded }) =>
        uploaded.id === live.id && uploaded.version === live.version && uploaded.bundle === live.bundle,
    );
  }

  /** Why nobody can tell what this run has uploaded of a function; undefined where all of it was read. */
  async unreadOf(slug: string): Promise<unknown> {
    const [first] = (await this.#all()).get(slug)?.unread ?? [];
    return first && withHint(first, "Or begin a new run, which uploads the function again.");
  }

  async add(wanted: Pick<WantedFunction, "slug" | "digest">, uploaded: UploadedFunction): Promise<void> {
    await this.#archive.keepUpload(this.#run, wanted.slug, wanted.digest, uploaded);
    const all = await this.#all();
    const { uploads = [], unread = [] } = all.get(wanted.slug) ?? {};
    all.set(wanted.slug, { uploads: [...uploads, { digest: wanted.digest, uploaded }], unread });
  }

  #all(): Promise<Map<string, Kept>> {
    const read = async (): Promise<Map<string, Kept>> => {
      const found = await this.#archive.uploads(this.#run);
      return new Map(
        [...found].map(([slug, { uploads, unread }]) => [
          slug,
          {
            uploads: uploads.map((each) => ({ digest: each.digest, uploaded: uploadedIn(each) })),
            unread,
          },
        ]),
      );
    };
    this.#kept ??= read();
    this.#kept.catch(() => (this.#kept = undefined));
    return this.#kept;
  }
}

interface Kept {
  readonly uploads: readonly { readonly digest: string; readonly uploaded: UploadedFunction }[];
  readonly unread: readonly HoldfastError[];
}

/** Where nothing is said it stays as it is; a new function asks for a token. */
export function wantedJwt(
  wanted: Pick<WantedFunction, "verifyJwt">,
  live: LiveFunction | undefined,
): boolean {
  return wanted.verifyJwt ?? live?.verifyJwt ?? true;
}

/** Whether what is served is what is wanted. */
export function isServed(
  wanted: WantedFunction,
  live: LiveFunction | undefined,
  archive: FunctionArchive,
): boolean {
  return (
    live?.status === "ACTIVE" &&
    live.verifyJwt === wantedJwt(wanted, live) &&
    archive.isMadeOf(live.slug, bundleOf(live), wanted.digest)
  );
}

/** As the host's port takes it. */
export async function uploadOf(
  wanted: WantedFunction,
  live: LiveFunction | undefined,
): Promise<FunctionUpload> {
  return {
    slug: wanted.slug,
    entrypoint: wanted.entrypoint,
    importMap: wanted.importMap,
    staticFiles: wanted.staticFiles,
    verifyJwt: wantedJwt(wanted, live),
    files: await wanted.load(),
  };
}
