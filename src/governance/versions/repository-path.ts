import * as z from "zod";

/** The path of a file of the repository, as settings give it. */
export const repositoryPath = z
  .string()
  .min(1)
  .max(500)
  .refine(
    (text) =>
      !/^\/|\\|\0|\/$/.test(text) && text.split("/").every((part) => !["", ".", "..", ".git"].includes(part)),
    "is given from the repository's root, with / and without ./, and leads nowhere out of it",
  );
