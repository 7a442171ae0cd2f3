/* One record of the journal's file, for those in C who write when the guard
 * cannot: the watchdog thread and the keeper. Each has a ring of its own behind
 * the guard's, so that nobody overwrites what another writes. Needs no libc and
 * keeps nothing; src/state/journal.ts has the meaning of each word. */
#ifndef OOMGUARD_RECORD_H
#define OOMGUARD_RECORD_H

#include <stdint.h>

/* src/base/limits.ts */
#define JOURNAL_RECORDS 1024
#define SIDE_RECORDS 64
#define JOURNAL_WORDS 96

/* Rings of the file, and words and kinds of a record, src/state/journal.ts. */
enum { RING_WATCHDOG = 1, RING_KEEPER = 2 };

enum {
  J_SERIAL = 0,
  J_KIND = 1,
  J_TIME_MS = 2,
  J_PID = 3,
  J_UID = 4,
  J_ADJ = 5,
  J_REASON = 6,
  J_FLOOR_ADJ = 7,
  J_RSS_KB = 8,
  J_SWAP_KB = 9,
  J_AVAILABLE_KB = 10,
  J_VALUE = 16,
  J_LIMIT = 17,
  J_LATENCY = 18,
  J_BACK_KB = 19,
  J_DETAIL = 20,
  J_EPOCH_S = 21,
  J_KILL_SERIAL = 23,
  J_VALUE2 = 24,
  J_LIMIT2 = 25,
  J_STRATEGY = 60,
  J_NAME = 63,
  J_NAME_WORDS = 32,
  J_CHECK = 95,
};

enum {
  KIND_DEATH = 4,
  KIND_REFUSED = 5,
  KIND_WATCHDOG = 11,
  KIND_KEEPER = 12,
};

enum {
  KEEPER_CALLED = 1,
  KEEPER_ENDED = 2,
  KEEPER_STARTED = 3,
  KEEPER_GAVE_BACK = 4,
};

/* Clears `words`, JOURNAL_WORDS of them, and sets kind and time: `epoch_s` and
 * `ms` of it are CLOCK_REALTIME's seconds and what is beyond them. */
static inline void record_begin(int32_t *words, int32_t kind, int64_t epoch_s,
                                int32_t ms) {
  for (int i = 0; i < JOURNAL_WORDS; i++) words[i] = 0;
  words[J_KIND] = kind;
  words[J_TIME_MS] = ms;
  words[J_EPOCH_S] = (int32_t)epoch_s;
}

/* Numbers and seals a record; `serial` counts from 1 in its ring. */
static inline void record_seal(int32_t *words, int32_t serial) {
  uint32_t sum = 0x5bd1;
  words[J_SERIAL] = serial;
  for (int i = 0; i < J_CHECK; i++) sum = (sum * 31) ^ (uint32_t)words[i];
  words[J_CHECK] = (int32_t)sum;
}

/* Byte of the file where the record with this serial of a side ring begins:
 * record 0 is the header, then come the guard's ring and the two others. */
static inline int64_t record_offset(int32_t ring, int32_t serial) {
  int32_t before = 1 + JOURNAL_RECORDS + (ring - 1) * SIDE_RECORDS;
  return (int64_t)(before + (serial - 1) % SIDE_RECORDS) * JOURNAL_WORDS * 4;
}

#endif
