/* What the keeper reads and writes in the guard's arena, by src/state; where
 * the tables begin it is told. test/keeper compares the numbers. */
#ifndef OOMGUARD_KEEPER_H
#define OOMGUARD_KEEPER_H

/* Mailbox, src/state/layout.ts. */
enum { MB_NOW_MS = 1, MB_BEAT = 22, MB_DUE_MS = 23, MAILBOX_WORDS = 64 };

/* src/state/settings.ts */
enum {
  SET_DRY_RUN = 1,
  SET_RESERVE_KB = 20,
  SET_FIFO = 72,
  SET_KEEPER = 75,
  SET_KEEPER_MS = 76,
  SET_RESTART = 77,
  SETTINGS_WORDS = 128,
};
enum { RESTART_NEVER = 0, RESTART_ALWAYS = 1, RESTART_AUTO = 2 };

/* src/state/gauges.ts */
enum {
  G_STATE = 0,
  G_NEXT_PID = 42,
  G_KEEPER_SELF = 58,
  GAUGES_WORDS = 128,
};
enum { STATE_STOPPED = 3 };
enum {
  SELF_ADJ = 1,
  SELF_FIFO = 2,
  SELF_LOCKED = 8,
  SELF_NO_THP = 64,
  SELF_KEEPER = 1024,
  SELF_ARMED = 2048,
};

/* src/cli/exits.ts: another guard holds the state folder. */
#define EXIT_ALREADY 4

#endif
