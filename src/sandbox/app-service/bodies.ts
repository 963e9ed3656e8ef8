import * as z from "zod";

/** Bodies of calls, as far as they are played; what else they hold is let through. */

export const settingsBody = z.looseObject({ properties: z.record(z.string(), z.string()).nullish() });
export const swapBody = z.looseObject({ targetSlot: z.string().min(1), preserveVnet: z.boolean() });
export const stickyBody = z.looseObject({
  properties: z.looseObject({
    appSettingNames: z.array(z.string()).nullish(),
    connectionStringNames: z.array(z.string()).nullish(),
    azureStorageConfigNames: z.array(z.string()).nullish(),
  }),
});
export const connectionsBody = z.looseObject({
  properties: z.record(z.string(), z.looseObject({ value: z.string(), type: z.string() })).nullish(),
});
export const mountsBody = z.looseObject({ properties: z.record(z.string(), z.looseObject({})).nullish() });
export const webBody = z.looseObject({
  properties: z.looseObject({
    autoSwapSlotName: z.string().nullish(),
    experiments: z.looseObject({ rampUpRules: z.array(z.looseObject({})).nullish() }).nullish(),
  }),
});
export const authBody = z.looseObject({
  properties: z.looseObject({ platform: z.looseObject({ enabled: z.boolean().optional() }).optional() }),
});
/** Of the site itself; what cannot be set is left out where it is read. */
export const siteBody = z.looseObject({ properties: z.looseObject({}).nullish() });
export const slotBody = z.looseObject({
  location: z.string().min(1),
  tags: z.record(z.string(), z.string()).nullish(),
  properties: z
    .looseObject({
      siteConfig: z
        .looseObject({
          appSettings: z.array(z.looseObject({ name: z.string(), value: z.string() })).nullish(),
          connectionStrings: z
            .array(z.looseObject({ name: z.string(), connectionString: z.string(), type: z.string() }))
            .nullish(),
          azureStorageAccounts: z.record(z.string(), z.looseObject({})).nullish(),
        })
        .nullish(),
    })
    .optional(),
});
