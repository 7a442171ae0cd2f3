// A process that holds its own mmap lock: it fills memory far above its group's
// memory.high, so the kernel makes it sleep in its page faults, with the lock
// held for reading; another thread waits to write, so every further reader
// waits too. And one who reads what needs that lock, and tells how long it took.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load.h"

enum { PAGE_BYTES = PAGE_KB * 1024, POPULATE_WRITE = 23, READ_EVERY_US = 5000 };

static void *map_for_ever(void *unused) {
  for (;;) {
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
      munmap(page, PAGE_BYTES);
    nap_until_us(now_us() + 1000);
  }
  return unused;
}

void held_run(unsigned char *base, int64_t size_kb) {
  pthread_t writer;
  if (pthread_create(&writer, NULL, map_for_ever, NULL) != 0)
    die("start the writer");
  for (;;)
    if (madvise(base, (size_t)size_kb * 1024, POPULATE_WRITE) < 0)
      nap_until_us(now_us() + 1000);
}

// Reads for ever what needs the mmap lock of the process in this slot.
void reader_run(struct shared *shared, struct cell *own, int slot) {
  char path[64], text[256];
  for (;;) {
    snprintf(path, sizeof path, "/proc/%d/cmdline",
             atomic_load(&shared->cells[slot].pid));
    const int64_t from_us = now_us();
    atomic_store(&own->since_us, from_us);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && read(fd, text, sizeof text) > 0) {
    }
    if (fd >= 0)
      close(fd);
    const int64_t took_us = now_us() - from_us;
    atomic_store(&own->since_us, 0);
    if (took_us > atomic_load(&own->slowest_us))
      atomic_store(&own->slowest_us, took_us);
    nap_until_us(now_us() + READ_EVERY_US);
  }
}
