/* An app of a test: takes memory, says so, goes on taking at a rate if told,
 * and ends with its standard input, so that no test leaves one behind. What it
 * may take has an end, whether anybody kills it or not.
 *
 *   app TAKE_KB GROW_KB_PER_S      then, on its input: one line begins growth
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TICK_MS 10
/* Twice the limit of the groups that it is put into. */
#define DATA_MAX_BYTES (256UL << 20)

/* 0, or -1: it has all that it may. */
static int take(size_t bytes) {
  char *memory = bytes > 0 ? malloc(bytes) : NULL;
  if (memory == NULL) return bytes > 0 ? -1 : 0;
  memset(memory, 0x5a, bytes);
  /* Kept: and seen to be, or the compiler drops it. */
  __asm__ volatile("" : : "r"(memory) : "memory");
  return 0;
}

int main(int argc, char **argv) {
  struct pollfd input = {.fd = 0, .events = POLLIN};
  struct rlimit ceiling = {DATA_MAX_BYTES, DATA_MAX_BYTES};
  char line[64];
  if (argc != 3 || setrlimit(RLIMIT_DATA, &ceiling) != 0) return 2;
  size_t rate = (size_t)atol(argv[2]);
  int is_growing = 0;
  /* What it holds is charged to the group it was moved to before this line. */
  if (read(0, line, sizeof line) <= 0) return 0;
  if (take((size_t)atol(argv[1]) * 1024) != 0) return 4;
  if (write(1, "ready\n", 6) != 6) return 3;
  for (;;) {
    int count = poll(&input, 1, is_growing ? TICK_MS : -1);
    if (count > 0) {
      if (read(0, line, sizeof line) <= 0) return 0;
      is_growing = 1;
    } else if (count == 0) {
      is_growing = take(rate * 1024 / 1000 * TICK_MS) == 0;
    }
  }
}
