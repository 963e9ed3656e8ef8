import type { Judgement } from "../../copy/judging/judge-copy.ts";
import type { Manifest } from "../../../nouns/catalog/manifest.ts";
import { profileOf } from "../../../nouns/platform/profiles.ts";

/**
 * What of the platform's own counts for nothing in a restore into a database. Of a platform that keeps
 * nothing of its own inside a database, all of it: what little a dump shows, such as rights on the server's
 * functions, its servers bring, and no other can have. Where it keeps schemas, they were asked for by
 * restoring into a database, and count; but what its roles give of what they make later only they can say,
 * and a platform brings it.
 */
export function platformsPart({
  platform,
}: Pick<Manifest, "platform">): Required<Pick<Judgement, "platform" | "platformsDefaultsAlone">> {
  return {
    platform,
    platformsDefaultsAlone: platform !== undefined && profileOf(platform.name).schemas.length > 0,
  };
}
