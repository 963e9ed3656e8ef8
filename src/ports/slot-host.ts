import type { HoldfastError } from "../kernel/errors.ts";
import type { ByteStream } from "../kernel/streams.ts";
import type { Secret } from "../kernel/secret.ts";

/** Which app is meant. */
export interface AppAddress {
  readonly subscription: string;
  readonly group: string;
  readonly site: string;
}

/** The slot that an app is without a slot's name. */
export const PRODUCTION_SLOT = "production";

/** What the last exchange of a slot was, as the host remembers it. */
export interface SwapStatus {
  readonly at: Date;
  readonly source: string;
  readonly target: string;
}

/** A slot, as the host tells of it now. */
export interface SlotFacts {
  readonly name: string;
  /**
   * `https://` and the name under which the app answers, as the host says: names may be cut and lengthened.
   */
  readonly address: string;
  /** Where packages are deployed to. */
  readonly deployAddress: string;
  readonly isRunning: boolean;
  /** Where a pending preview of this slot leads; undefined without one. Its other end does not tell. */
  readonly previewInto: string | undefined;
  readonly lastSwap: SwapStatus | undefined;
  /** What is being done with it now; undefined where nothing is. */
  readonly inProgress: string | undefined;
  /** Whether {@link SlotHost.makeSlot} was cut short: it has no settings yet. */
  readonly isUnfinished: boolean;
}

/** An app and its plan. */
export interface AppFacts {
  /** Such as `Standard`; free and basic ones have no slots. */
  readonly tier: string;
  /** Names of the slots beside production. */
  readonly slots: readonly string[];
  /** Settings that stay in their slot. */
  readonly stickySettings: readonly string[];
  /** Whether people have to sign in at production: then there is no preview of a swap. */
  readonly hasSignIn: boolean;
}

/** What moves people from one slot to another without being asked. */
export interface SlotTraffic {
  /** The slot that the host exchanges it with by itself after every deployment; undefined: none. */
  readonly autoSwapInto: string | undefined;
  /** Who answers a share of the requests to this slot instead of it. */
  readonly routes: readonly TrafficRoute[];
}

export interface TrafficRoute {
  /** Name of the rule, which is mostly the slot's. */
  readonly name: string;
  /** The name under which the other slot answers, as the host says; undefined where it does not. */
  readonly host: string | undefined;
  /** Up to 100; 0 only where it changes by itself. */
  readonly percent: number;
  /** Whether the host changes the share by itself, step by step or by what somebody's address answers. */
  readonly changesItself: boolean;
}

/**
 * What of a slot's configuration a swap carries: app settings, connection strings, mounts; general settings
 * (stack, platform, paths); and, where an app asks for that, what protects a slot: restrictions, protocols.
 */
export type DifferenceKind = "setting" | "connection-string" | "mount" | "general" | "protection";

/**
 * Something in which two slots differ. Values are secrets, and not told. What the host itself keeps with a
 * content, such as where it lies, is no difference.
 */
export interface SettingDifference {
  readonly kind: DifferenceKind;
  readonly name: string;
  /** It stays in its slot when contents are exchanged. */
  readonly isSticky: boolean;
  readonly inSource: boolean;
  readonly inTarget: boolean;
}

/** What became of a swap. */
export interface SwapTold {
  /**
   * `happened` and `did-not` are what the host's own memory of exchanges says afterwards, whatever its answer
   * was; `unknown` where it could not be asked, or where it gave no answer and might still begin.
   */
  readonly outcome: "happened" | "did-not" | "unknown";
  /** What the host said, or what kept it from saying anything; undefined where it told of success. */
  readonly failure: HoldfastError | undefined;
  readonly before: SwapStatus | undefined;
  readonly after: SwapStatus | undefined;
}

/** A package as it is sent. Disposing removes what was made for it. */
export interface AppPackage extends AsyncDisposable {
  /** Path of the zip on this machine. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 in hex. */
  readonly digest: string;
  /** How many links of a folder are not in it: those that npm makes for its programs. */
  readonly leftOut: number;
  content(): ByteStream;
}

/** What a call may take. */
export interface SlotCall {
  readonly signal: AbortSignal;
  /** Milliseconds for all of it: questions, waits that the host asks for, and tries. */
  readonly withinMs: number;
}

/**
 * Who keeps an app in slots, one of which is production: Azure App Service.
 *
 * Laws. Every call ends within its time or by its signal. *Not found* is an answer of the host alone: a
 * question that could not be asked is thrown. What is the same when it is done twice is tried again by itself
 * after a broken connection or an answer of 500 and more: all but {@link swap}. A host that asks to wait
 * (429) is waited for, within the call's time; where somebody else is changing the app, so is their end,
 * again but for a swap.
 *
 * All throw slots.unreachable, slots.denied, slots.missing (the app itself), slots.timeout, and the signal's
 * reason; what changes something also slots.busy, slots.locked (a preview is pending) and slots.refused.
 */
export interface SlotHost {
  app(call: SlotCall): Promise<AppFacts>;
  /** Undefined where the app is there and has no such slot. */
  slot(name: string, call: SlotCall): Promise<SlotFacts | undefined>;
  /** Every setting of a slot. */
  settings(slot: string, call: SlotCall): Promise<ReadonlyMap<string, Secret>>;
  /** Replaces all of them, and restarts the slot. Idempotent. */
  putSettings(slot: string, settings: ReadonlyMap<string, Secret>, call: SlotCall): Promise<void>;
  traffic(slot: string, call: SlotCall): Promise<SlotTraffic>;
  differences(source: string, target: string, call: SlotCall): Promise<readonly SettingDifference[]>;
  /**
   * Makes a slot like production: same plan, stack and access restrictions, and those settings, connection
   * strings and mounts that do not stick. The restrictions are there before anything secret is. Its
   * identity, certificates and networks it does not get. One that is there is left as it is, so it is
   * idempotent; but one that is unfinished is finished.
   *
   * @param without settings that are of production alone
   * @throws slots.full where the plan has no room
   */
  makeSlot(name: string, call: SlotCall, without?: readonly string[]): Promise<SlotFacts>;
  /** Idempotent: that it is not there is what was wanted. The plan stays. */
  removeSlot(name: string, call: SlotCall): Promise<void>;
  /** Idempotent in effect. */
  restart(slot: string, call: SlotCall): Promise<void>;
  /**
   * Lets the source run with the target's sticky settings, before any traffic moves. Both are locked until a
   * swap or {@link release}. One that is pending between the same two is what was wanted.
   */
  preview(source: string, target: string, call: SlotCall): Promise<void>;
  /** Releases what is pending of this slot. Idempotent: without one nothing happens. */
  release(slot: string, call: SlotCall): Promise<void>;
  /**
   * Exchanges two slots; the source is what is warmed up, and comes to the target's address. **Not
   * idempotent**: a second one takes the first back. It is sent once, or again only where the host has said
   * that it did nothing (429, an expired token); what came of it is found by looking, never by sending again.
   *
   * @throws only where nothing was begun, and the signal's reason; all else is told
   */
  swap(source: string, target: string, call: SlotCall): Promise<SwapTold>;
  /**
   * Puts a package into a slot and waits for the end of its build. `path` is a zip, or a folder that is
   * zipped. Twice is as once.
   *
   * @returns the id of the deployment
   * @throws deployment.failed where it was built, and failed; package.unusable
   */
  deploy(slot: string, path: string, call: SlotCall): Promise<string>;
  /**
   * The zip that {@link deploy} would send. The same files give the same one. Asks nobody.
   *
   * @throws package.unusable
   */
  pack(path: string, call: SlotCall): Promise<AppPackage>;
}
