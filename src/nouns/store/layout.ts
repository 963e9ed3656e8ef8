/** The folders at the root of a store: the one place that names them (`docs/formats.md`). */
export const MANIFESTS = "manifests/";
export const RECEIPTS = "receipts/";
export const LOCKS = "locks/";
export const DATABASE = "database/";
export const JOURNALS = "journals/";
export const FUNCTIONS = "functions/";
export const ROLLOUTS = "rollouts/";
export const PACKAGES = "packages/";
