/** How the backup gets into the target. */
export type RestoreMode = "in-place" | "beside" | "project";
