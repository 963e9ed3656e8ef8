import type { Answer } from "./answer.ts";

/** A file that is attached to a release. */
export interface ReleaseAsset {
  readonly id: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In hex; undefined where the forge has not computed it. */
  readonly sha256: string | undefined;
  /** Whether all of it has arrived. */
  readonly isWhole: boolean;
}

/** A release of a tag, or the draft of one, which only who may write sees. */
export interface ForgeRelease {
  readonly id: number;
  /** Name of its tag, which a draft may have before there is one. */
  readonly tag: string;
  /** Hash of the commit, or name of the branch, that its tag is made on where there is none yet. */
  readonly target: string;
  readonly name: string;
  readonly body: string;
  readonly isDraft: boolean;
  readonly isPrerelease: boolean;
  /** When it was published; undefined of a draft, or where the forge does not say. */
  readonly publishedAt: Date | undefined;
  /** Whether its assets and its tag can never be changed again. */
  readonly isImmutable: boolean;
  /** Whose token made it. */
  readonly author: string;
  /** Where people read it. */
  readonly url: string;
  readonly assets: readonly ReleaseAsset[];
}

/** What a draft is made with. */
export interface NewRelease {
  readonly tag: string;
  /** Hash of the commit that the tag is on. */
  readonly commit: string;
  readonly name: string;
  readonly body: string;
  readonly isPrerelease: boolean;
}

/** A file to be attached. */
export interface NewAsset {
  /** Letters, digits, `.`, `_` and `-`: the forge changes other names without a word. */
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Releases of a repository. Laws beside those of `Forge`: nothing that was published is taken away; a
 * draft is
 * made once or not known to be, so whoever makes one looks again.
 */
export interface ForgeReleases {
  /** Published ones, and drafts where the token may write; the newest first. */
  all(): Promise<Answer<readonly ForgeRelease[]>>;
  /** Those of one tag: drafts may be several. Reads no more pages than it needs for a published one. */
  ofTag(tag: string): Promise<Answer<readonly ForgeRelease[]>>;
  /** The one of that number. */
  one(id: number): Promise<Answer<ForgeRelease>>;
  draft(release: NewRelease): Promise<ForgeRelease>;
  /** Overwrites what a draft says; its files stay. */
  rewrite(draft: ForgeRelease, release: NewRelease): Promise<void>;
  /** Takes a draft away. @throws forge.refused where it is none any more */
  discard(draft: ForgeRelease): Promise<void>;
  /** Attaches a file. @throws forge.refused where there is one of that name */
  attach(release: ForgeRelease, asset: NewAsset): Promise<void>;
  /** Takes a file away from a draft, or one that has not wholly arrived. */
  detach(asset: ReleaseAsset): Promise<void>;
  /** A file's bytes. */
  bytesOf(asset: ReleaseAsset): Promise<Answer<Buffer>>;
  /**
   * Publishes a draft.
   *
   * @param isLatest whether it is what the repository's page shows as the newest
   */
  publish(release: ForgeRelease, how: { readonly isLatest: boolean }): Promise<void>;
}
