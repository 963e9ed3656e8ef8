import { printableLine } from "../../kernel/printable.ts";
import { keptOut } from "../../ports/kept-out.ts";
import type { WebAnswer } from "../../ports/web.ts";

/** Hosts of Microsoft at which people sign in, in every cloud. */
const SIGN_IN_HOST =
  /(?:^|\.)(?:login(?:\.partner)?\.microsoftonline\.\w+|login\.windows\.net|(?:b2c|ciam)login\.com)$/i;
const SIGN_IN_PATH = /\/\.auth\/login\b|\/(?:log-?in|sign-?in|oauth2?|authorize)\b/i;
/** The page that its authentication shows instead of the app's. */
const NO_PERMISSION = /You do not have permission to view this directory or page/i;

/**
 * What stands before an app and has answered in its place, with what to do: access restrictions, or a
 * sign-in. Undefined where nothing says so. What is told of such an app is not that it is ill.
 */
export function inItsPlace({ status, headers, body }: WebAnswer): string | undefined {
  const who = keptOut(status, body, headers.get("x-ms-forbidden-ip"));
  if (who !== undefined) {
    return (
      `access restrictions keep out ${who}: the app was not asked. Let it in where restrictions are set ` +
      "(networking, in the portal), or run this where they let in"
    );
  }
  const redirect = isRedirect(status) ? leadsTo(headers.get("location")) : undefined;
  if (redirect !== undefined) return signIn(`it leads to ${redirect.to}, where people sign in`);
  const challenge = headers.get("www-authenticate") ?? "";
  const isAsked =
    status === 401 && (/^Bearer\b|authorization_uri=/i.test(challenge) || NO_PERMISSION.test(body));
  if (isAsked) return signIn("people have to sign in");
  if (status === 403 && NO_PERMISSION.test(body)) return signIn("whoever has not signed in is refused");
  return undefined;
}

/**
 * What stands before an app and has surely answered a path in its place: an app may itself lead to where
 * people sign in, and was asked all the same.
 */
export function surelyInItsPlace(answer: WebAnswer): string | undefined {
  const { status, headers } = answer;
  const redirect = isRedirect(status) ? leadsTo(headers.get("location")) : undefined;
  return redirect?.isByFront === false ? undefined : inItsPlace(answer);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function signIn(what: string): string {
  return (
    `${what}: the app may be as well as ever. Let the path answer without (excludedPaths of App Service ` +
    "authentication), or name another in the settings that does"
  );
}

/**
 * Where a redirect leads to, without what it carries, and whether App Service's authentication has surely
 * sent it: it wants whoever has signed in back at a path of its own. Undefined where nobody signs in there.
 */
function leadsTo(
  location: string | undefined,
): { readonly to: string; readonly isByFront: boolean } | undefined {
  if (location === undefined) return undefined;
  let url: URL;
  try {
    url = new URL(location, "https://the-app.invalid");
  } catch {
    return undefined;
  }
  const isElsewhere = url.hostname !== "the-app.invalid";
  const isByFront = `${url.pathname} ${url.searchParams.get("redirect_uri") ?? ""}`.includes("/.auth/login/");
  if (isElsewhere && SIGN_IN_HOST.test(url.hostname)) return { to: printableLine(url.hostname), isByFront };
  if (!SIGN_IN_PATH.test(url.pathname)) return undefined;
  return { to: printableLine(isElsewhere ? url.host : url.pathname), isByFront };
}
