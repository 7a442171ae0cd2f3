// How long a soak lasts.

/** s: past the 33 s after which V8 collects by itself in an idle process; ten
 * times as long by `deno task soak`. */
export const SOAK_S = Deno.env.get("OOMGUARD_SOAK") === "full" ? 330 : 40;
