/**
 * Whether what travels to this address is read by nobody on the way: by https, or by http to this machine
 * itself. With a user name or a password it is none, since an address is printed.
 */
export function isSafeAddress(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && isHere);
}
