// Those who take more memory: at a rate, when they are let go, and some give it
// back.
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "roles.h"

enum {
  STEP_US = 4000,
  // A process that was held up does not make up for more than this much time,
  // or every stall would end in a burst faster than the scene's rate.
  CATCH_UP_US = 100000,
  HOLD_US = 1000000, // how long what was taken is kept before it is given back
};

// Puts pages into a file of the tmpfs: memory that no process has mapped.
static void write_pages(int fd, int64_t from_page, int64_t pages) {
  static unsigned char page[PAGE_BYTES];
  for (int64_t i = 0; i < pages; i++) {
    fill_page(page, from_page + i);
    while (write(fd, page, sizeof page) < 0)
      nap_until_us(now_us() + STEP_US); // full: it goes on trying
  }
}

// Grows to the limit at the rate, or as fast as the machine lets it: in its own
// memory, or in a file where there is one.
static void grow(const struct role *role, struct cell *cell,
                 unsigned char *base, int fd) {
  int64_t done_pages = 0;
  const int64_t limit_pages = role->size_kb / PAGE_KB;
  int64_t last_us = now_us();
  int64_t owed = 0; // kB times 10^6
  while (done_pages < limit_pages) {
    nap_until_us(last_us + STEP_US);
    const int64_t at_us = now_us();
    const int64_t passed_us =
        at_us - last_us < CATCH_UP_US ? at_us - last_us : CATCH_UP_US;
    last_us = at_us;
    owed += passed_us * role->rate_kb;
    int64_t pages = owed / (1000000 * PAGE_KB);
    owed -= pages * 1000000 * PAGE_KB;
    if (pages > limit_pages - done_pages)
      pages = limit_pages - done_pages;
    if (role->lock && mlock(base + done_pages * PAGE_BYTES,
                            (size_t)(pages * PAGE_BYTES)) < 0)
      continue; // refused for want of memory: it goes on trying, as it would
    if (fd >= 0)
      write_pages(fd, done_pages, pages);
    for (int64_t i = 0; fd < 0 && i < pages; i++) {
      fill_page(base + (done_pages + i) * PAGE_BYTES, done_pages + i);
      if (i % 64 == 0)
        atomic_store(&cell->touched_kb, (done_pages + i) * PAGE_KB);
    }
    done_pages += pages;
    atomic_store(&cell->touched_kb, done_pages * PAGE_KB);
  }
}

// Gives back what was taken, at the same rate.
static void shrink(const struct role *role, struct cell *cell,
                   unsigned char *base) {
  const int64_t step_kb = role->rate_kb * STEP_US / 1000000 / PAGE_KB * PAGE_KB;
  for (int64_t left_kb = role->size_kb; left_kb > 0; left_kb -= step_kb) {
    const int64_t kb = left_kb < step_kb ? left_kb : step_kb;
    nap_until_us(now_us() + STEP_US);
    madvise(base + (left_kb - kb) * 1024, (size_t)kb * 1024, MADV_DONTNEED);
    atomic_store(&cell->touched_kb, left_kb - kb);
  }
}

void wait_for_go(const struct role *role, struct shared *shared) {
  while (atomic_load(&shared->go) <= role->slot)
    nap_until_us(now_us() + 1000);
}

// Those who wait for the word to go; the others return.
void run_growing(const struct role *role, struct cell *cell,
                        struct shared *shared, unsigned char *base) {
  static const char *const kinds[] = {"hog", "launch", "swarm", "fill", "spike"};
  size_t kind = 0;
  while (kind < sizeof kinds / sizeof *kinds &&
         strcmp(role->kind, kinds[kind]) != 0)
    kind++;
  if (kind == sizeof kinds / sizeof *kinds)
    return;
  const int is_fill = strcmp(role->kind, "fill") == 0;
  const int is_spike = strcmp(role->kind, "spike") == 0;
  const int fd =
      is_fill ? open("/tmp/fill", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (is_fill && fd < 0)
    die("open a file of the tmpfs");
  atomic_store(&cell->stage, STAGE_READY);
  wait_for_go(role, shared);
  grow(role, cell, base, fd);
  if (is_spike) {
    nap_until_us(now_us() + HOLD_US);
    shrink(role, cell, base);
  }
  atomic_store(&cell->done_us, now_us());
  const int64_t pages = is_fill || is_spike ? 0 : role->size_kb / PAGE_KB;
  if (strcmp(role->kind, "swarm") == 0)
    run_cached(base, pages);
  run_busy(base, pages);
}
