/** What a tag's message ends with, by which another run knows that it may finish the release. */
export const MADE_BY = "Released-by: holdfast";

/** Whether a tag with this message was made by Holdfast. */
export function isOurs(message: string | undefined): boolean {
  return message?.split("\n").some((line) => line.startsWith(MADE_BY)) ?? false;
}
