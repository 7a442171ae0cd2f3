// The shim's functions as Deno calls them. Hot ones take no parameters and
// answer an i32: such a call allocates neither on V8's heap nor in libc
// (measured; a call with parameters does two mallocs when interpreted).

const HOT = { parameters: [], result: "i32" } as const;

/** Symbols of ffi/shim.h, under the names of daemon/ports.ts. */
export const SYMBOLS = {
  wait: { name: "shim_wait", ...HOT },
  clock: { name: "shim_clock", ...HOT },
  sense: { name: "shim_sense", ...HOT },
  sample: { name: "shim_sample", ...HOT },
  receive: { name: "shim_receive", ...HOT },
  send: { name: "shim_send", ...HOT },
  kill: { name: "shim_kill", ...HOT },
  persist: { name: "shim_persist", ...HOT },
  askTitles: { name: "shim_ask_titles", ...HOT },
  releaseBallast: { name: "shim_ballast_release", ...HOT },
  accept: { name: "shim_accept", ...HOT },
  close: { name: "shim_close", ...HOT },
  adopt: { name: "shim_adopt", ...HOT },
  writeAdj: { name: "shim_write_adj", ...HOT },
  openStatus: { name: "shim_open_status", ...HOT },
  openStat: { name: "shim_open_stat", ...HOT },
  softLimit: { name: "shim_soft_limit", ...HOT },
  readAdj: { name: "shim_read_adj", ...HOT },
  readStart: { name: "shim_read_start", ...HOT },
  scan: { name: "shim_scan", ...HOT },
  fillBallast: { name: "shim_ballast_fill", ...HOT },
  attach: {
    name: "shim_attach",
    parameters: ["i32", "i32", "buffer"],
    result: "i32",
  },
  layout: { name: "shim_layout", ...HOT },
  start: { name: "shim_start", ...HOT },
  startThreads: { name: "shim_start_threads", ...HOT },
  open: {
    name: "shim_open",
    parameters: ["buffer", "i32", "i32"],
    result: "i32",
  },
  openKept: {
    name: "shim_open_kept",
    parameters: ["buffer", "i32"],
    result: "i32",
  },
  shut: { name: "shim_shut", parameters: ["i32"], result: "i32" },
  slot: {
    name: "shim_slot",
    parameters: ["i32", "i32", "i32", "i32"],
    result: "i32",
  },
  watch: {
    name: "shim_watch",
    parameters: ["i32", "i32", "i32"],
    result: "i32",
  },
  trigger: {
    name: "shim_trigger",
    parameters: ["buffer", "buffer", "i32"],
    result: "i32",
  },
  vmpressure: {
    name: "shim_vmpressure",
    parameters: ["i32", "i32", "buffer", "i32"],
    result: "i32",
  },
  memcgRoot: {
    name: "shim_memcg_root",
    parameters: ["buffer"],
    result: "i32",
  },
  ask: {
    name: "shim_ask",
    parameters: ["buffer", "buffer", "i32", "i32"],
    result: "i32",
  },
  listen: {
    name: "shim_listen",
    parameters: ["buffer", "i32", "i32", "i32"],
    result: "i32",
  },
  listenInherited: {
    name: "shim_listen_inherited",
    parameters: ["i32"],
    result: "i32",
  },
  scanFrom: {
    name: "shim_scan_from",
    parameters: ["i32", "i32"],
    result: "i32",
  },
  reserve: { name: "shim_reserve", parameters: ["i32", "i32"], result: "i32" },
  spare: { name: "shim_spare", parameters: ["i32"], result: "i32" },
  lockFile: { name: "shim_lock_file", parameters: ["i32"], result: "i32" },
  write: {
    name: "shim_write",
    parameters: ["i32", "buffer", "i32"],
    result: "i32",
  },
  datagram: {
    name: "shim_datagram",
    parameters: ["buffer", "buffer", "i32"],
    result: "i32",
  },
  lockArena: { name: "shim_lock_arena", ...HOT },
  watchdog: {
    name: "shim_watchdog",
    parameters: ["i32", "i32", "buffer"],
    result: "i32",
  },
  redirectMadvise: { name: "shim_redirect_madvise", ...HOT },
  lockAll: { name: "shim_lock_all", ...HOT },
  lockRange: {
    name: "shim_lock_range",
    parameters: ["u64", "u64"],
    result: "i32",
  },
  advise: {
    name: "shim_advise",
    parameters: ["u64", "u64", "i32"],
    result: "i32",
  },
  cut: {
    name: "shim_cut",
    parameters: ["u64", "u64", "i32"],
    result: "i32",
  },
  beginHot: {
    name: "shim_hot_begin",
    parameters: ["u64", "u64"],
    result: "i32",
  },
  endHot: { name: "shim_hot_end", ...HOT },
  trimMalloc: { name: "shim_trim_malloc", ...HOT },
  trimStack: { name: "shim_trim_stack", parameters: ["u64"], result: "i32" },
  populateStack: { name: "shim_populate_stack", ...HOT },
  prctl: { name: "shim_prctl", parameters: ["i32", "i32"], result: "i32" },
  sacrifice: { name: "shim_sacrifice", ...HOT },
  takeSignals: { name: "shim_take_signals", ...HOT },
  spawn: {
    name: "shim_spawn",
    // deno-fmt-ignore
    parameters: ["i32", "buffer", "i32", "buffer", "i32", "buffer", "i32", "i32"],
    result: "i32",
  },
  bury: { name: "shim_bury", parameters: ["i32", "i32"], result: "i32" },
  setFifo: { name: "shim_set_fifo", parameters: ["i32"], result: "i32" },
} as const;
