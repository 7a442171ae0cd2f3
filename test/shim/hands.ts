// Runs one check of the attached shim, named by the argument; prints why when
// this machine cannot tell. Throws when it fails.

import type { Checks } from "./attached.ts";
import { DESK } from "./hands_desk.ts";
import { GROUPS } from "./hands_group.ts";
import { KEEPERS } from "./hands_keeper.ts";
import { MEMORY } from "./hands_memory.ts";
import { TEXT } from "./hands_text.ts";
import { TITLES } from "./hands_titles.ts";
import { VMPRESSURE } from "./hands_vmpressure.ts";

/** Every check. */
export const CHECKS: Checks = {
  ...TITLES,
  ...DESK,
  ...VMPRESSURE,
  ...MEMORY,
  ...TEXT,
  ...GROUPS,
  ...KEEPERS,
};

if (import.meta.main) {
  const result = await CHECKS[Deno.args[0]]();
  if (result !== undefined) console.log(result.skip);
  // The shim's threads wait for ever.
  Deno.exit(0);
}
