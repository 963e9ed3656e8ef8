/** Who runs this: written into manifests, receipts and locks for the audit trail. */
export interface RunIdentity {
  readonly kind: "github-actions" | "cli";
  /** Run id and attempt in Actions; host and process id on a command line. */
  readonly id: string;
  readonly url: string | null;
  /** Commit of the checked-out repository, where known. */
  readonly commit: string | null;
  readonly actor: string;
}
