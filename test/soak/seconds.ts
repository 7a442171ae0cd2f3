// How long a soak lasts.

/** s, from OOMGUARD_SOAK_S: past the 33 s after which V8 collects by itself in
 * an idle process, unless told. */
export const SOAK_S = Number(Deno.env.get("OOMGUARD_SOAK_S") ?? 40);
