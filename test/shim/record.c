/* Writes records as the watchdog thread and the keeper do, without libc's help,
 * to the journal's file on descriptor 1, and tells on descriptor 2 what this
 * side holds the words of a record to be. */
#include "../../ffi/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print_words(void) {
  static const struct {
    const char *name;
    int value;
  } words[] = {
#define WORD(name) {#name, name}
      WORD(JOURNAL_RECORDS), WORD(SIDE_RECORDS),    WORD(JOURNAL_WORDS),
      WORD(RING_WATCHDOG),   WORD(RING_KEEPER),     WORD(J_SERIAL),
      WORD(J_KIND),          WORD(J_TIME_MS),       WORD(J_PID),
      WORD(J_UID),           WORD(J_ADJ),           WORD(J_REASON),
      WORD(J_FLOOR_ADJ),     WORD(J_RSS_KB),        WORD(J_SWAP_KB),
      WORD(J_AVAILABLE_KB),  WORD(J_VALUE),         WORD(J_LIMIT),
      WORD(J_LATENCY),       WORD(J_BACK_KB),       WORD(J_DETAIL),
      WORD(J_EPOCH_S),       WORD(J_KILL_SERIAL),   WORD(J_VALUE2),
      WORD(J_LIMIT2),        WORD(J_STRATEGY),      WORD(J_NAME),
      WORD(J_NAME_WORDS),    WORD(J_CHECK),         WORD(KIND_DEATH),
      WORD(KIND_REFUSED),    WORD(KIND_WATCHDOG),   WORD(KIND_KEEPER),
      WORD(KEEPER_CALLED),   WORD(KEEPER_ENDED),    WORD(KEEPER_STARTED),
      WORD(KEEPER_GAVE_BACK),
#undef WORD
  };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    fprintf(stderr, "%s %d\n", words[i].name, words[i].value);
}

/* Arguments: a ring, the first serial, how many, and the kind. */
int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int ring = atoi(argv[1]), first = atoi(argv[2]), count = atoi(argv[3]);
  int32_t words[JOURNAL_WORDS];
  print_words();
  for (int serial = first; serial < first + count; serial++) {
    record_begin(words, atoi(argv[4]), 1700000000 + serial, 999);
    words[J_PID] = -serial;
    words[J_NAME] = 0x00636261;
    record_seal(words, serial);
    if (pwrite(1, words, sizeof words, record_offset(ring, serial)) < 0)
      return 1;
  }
  return 0;
}
