/** A function as the host shows it. */
export interface LiveFunction {
  /** The host's own id of it; another one after it was removed and made anew. */
  readonly id: string;
  /** By it the function is called: letters, digits, `-` and `_`. */
  readonly slug: string;
  readonly name: string;
  readonly status: "ACTIVE" | "REMOVED" | "THROTTLED";
  /** Counts up with each activation; earlier ones cannot be had back from the host. */
  readonly version: number;
  /** Whether the host asks for a signed token before the function is reached. */
  readonly verifyJwt: boolean;
  /** As the host wrote it down: a path, or an address of a file; undefined where it says none. */
  readonly entrypoint: string | undefined;
  /** The same of the import map. */
  readonly importMap: string | undefined;
  /** SHA-256 in hex of the bundle that runs; undefined where the host does not say. */
  readonly bundle: string | undefined;
}

/** One source file of a function. */
export interface FunctionFile {
  /** With `/` between its parts; below the same root for all files of a function. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** What is uploaded: sources, which the host bundles. */
export interface FunctionUpload {
  readonly slug: string;
  /** One of `files`. */
  readonly entrypoint: string;
  /** One of `files`; undefined where there is none. */
  readonly importMap: string | undefined;
  /** Patterns of files that the function reads while it runs. */
  readonly staticFiles: readonly string[];
  readonly verifyJwt: boolean;
  readonly files: readonly FunctionFile[];
}

/** A bundle that lies at the host and that nobody is served yet; what {@link FunctionHost.activate} takes. */
export type UploadedFunction = Omit<LiveFunction, "status">;

/** A request of a function, and what is asked of its answer elsewhere. */
export interface FunctionCall {
  readonly slug: string;
  readonly method: string;
  /** Below the function's address, with a `/` first and its query: `/health?deep=1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  /** Words until which a stream of events is read, which may never end; left out: it is read for a while. */
  readonly awaits?: string | undefined;
}

/** What came back, whatever its status. */
export interface FunctionAnswer {
  readonly status: number;
  /** The beginning of the content, 64 KiB at most, as UTF-8; of a stream of events what came in a while. */
  readonly text: string;
  /** Milliseconds until all of that was there. */
  readonly tookMs: number;
}

/**
 * Where edge functions run: one project at Supabase. Laws, which the adapter's tests hold:
 *
 * 1. **"Not there" is an answer**, given only where the host said so: {@link body} throws
 *    `functions.not-found`, {@link remove} succeeds. A token that is not taken (`functions.denied`), a plan
 *    that does not cover it (`functions.unpaid`), a limit (`functions.rate-limited`) and silence
 *    (`functions.unreachable`) are other errors, always: no project is empty because a token has expired.
 * 2. **{@link list} is whole** or throws.
 * 3. **{@link upload} changes nothing that is served.** Doing it twice is as doing it once; the last one
 *    counts.
 * 4. **{@link activate} is one call for all**, and the one place where what is served changes. Functions
 *    that are not named stay as they are. Doing it twice is as doing it once. Whether it happened is told by
 *    {@link list}, not by its answer: that may be lost.
 * 5. **{@link call} is never repeated** by the host's adapter, and every status is an answer, once its
 *    content has ended or is longer than anybody looks at; but for a stream of events, which may never end.
 * 6. Every call ends: by its answer, by its signal, or when its time is over. Waiting for a limit is part of
 *    that time. No more than a handful of calls are under way at once, however many are asked for.
 *
 * Worth another try: `functions.unreachable`, `functions.rate-limited`. Everything else is final.
 *
 * https://supabase.com/docs/reference/api/introduction
 */
export interface FunctionHost {
  /** As people know it, without anything secret: `abcdefghijklmnopqrst`. */
  readonly project: string;
  list(signal: AbortSignal): Promise<readonly LiveFunction[]>;
  /** The sources of what is served now. @throws functions.not-found, functions.unreadable */
  body(slug: string, signal: AbortSignal): Promise<readonly FunctionFile[]>;
  /** @throws functions.refused where the host cannot make a bundle of it */
  upload(upload: FunctionUpload, signal: AbortSignal): Promise<UploadedFunction>;
  activate(functions: readonly UploadedFunction[], signal: AbortSignal): Promise<void>;
  remove(slug: string, signal: AbortSignal): Promise<void>;
  call(call: FunctionCall, signal: AbortSignal): Promise<FunctionAnswer>;
}
