/** Who may be told of a rollback. */
export const NOTIFY_CHOICES = ["none", "issue"] as const;
export type NotifyChoice = (typeof NOTIFY_CHOICES)[number];
