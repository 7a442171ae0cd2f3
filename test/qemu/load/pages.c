// Pages as processes of a scene have them: their own, half compressible, and
// those of the framework's file, which all of the foreground has mapped.
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "roles.h"

enum { NOISE_PAGES = 64 };

static const unsigned char *framework;
int64_t framework_pages;

static unsigned char noise[NOISE_PAGES][PAGE_BYTES / 2];

void fill_noise(uint64_t seed) {
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 0x632BE59BD9B4E019u;
  for (size_t i = 0; i < sizeof noise; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    noise[i / (PAGE_BYTES / 2)][i % (PAGE_BYTES / 2)] =
        (unsigned char)(x >> 32);
  }
}

// Half noise, half zeros: such a page shrinks to half in zram, which is about
// what zram reports for Android's heaps.
void fill_page(unsigned char *page, int64_t index) {
  memcpy(page, noise[index % NOISE_PAGES], PAGE_BYTES / 2);
  memcpy(page, &index, sizeof index);
}

unsigned char *reserve(int64_t size_kb) {
  void *base = mmap(NULL, (size_t)size_kb * 1024, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    die("reserve");
  return base;
}

void touch(unsigned char *base, int64_t from_page, int64_t to_page) {
  for (int64_t page = from_page; page < to_page; page++) {
    volatile unsigned char *byte = base + page * PAGE_BYTES + PAGE_BYTES / 2;
    *byte = (unsigned char)(*byte + 1);
  }
}

void map_framework(void) {
  const int fd = open("/load/framework", O_RDONLY | O_CLOEXEC);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0)
    die("open the framework");
  framework = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (framework == MAP_FAILED)
    die("map the framework");
  framework_pages = stat.st_size / PAGE_BYTES;
  close(fd);
}

void read_framework(int64_t from_page, int64_t pages) {
  for (int64_t page = from_page; page < from_page + pages; page++)
    (void)*(const volatile unsigned char *)(framework + page * PAGE_BYTES);
}
