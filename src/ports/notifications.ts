/** What people are told, where they look for it. */
export interface Notice {
  readonly kind: "rollback";
  /** What it is about, such as the id of a run: the same key is the same notice. No secret. */
  readonly key: string;
  readonly title: string;
  /** Markdown; what comes from outside is escaped already. */
  readonly body: string;
}

/** A notice that is there. */
export interface ToldNotice {
  /** Where people read it; undefined where it has no address. */
  readonly address: string | undefined;
}

/**
 * Where people are told of what happened. Laws: told twice with the same key there is one notice, also where
 * it was closed or read meanwhile, and the first one's text stays; what could not be asked is an error, and
 * never "not told". Of two who tell the same at the same moment both may be seen for a short while, and one
 * of them is taken back.
 */
export interface Notifications {
  /** The notice of that key; undefined where there is none. */
  find(notice: Pick<Notice, "kind" | "key">): Promise<ToldNotice | undefined>;
  /** @returns where people read it, where that can be told */
  tell(notice: Notice): Promise<string | undefined>;
}
