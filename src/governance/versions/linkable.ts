/** An address of a host; a path of this machine leads nobody anywhere. */
export function linkable(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const isHost = /^(?:https?|ssh|git):\/\/[^/]/.test(url) && URL.canParse(url);
  return isHost || /^[\w.-]+@[\w.-]+:[^/]/.test(url) ? url : undefined;
}
