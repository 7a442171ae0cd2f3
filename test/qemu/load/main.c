// The load generator: `load scene FILE OUT` runs a scene or a trial, `load
// client` talks to a guard, and every other first word is a role that a scene
// starts. One static program, so that the image needs no library for it.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

int64_t now_us(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void nap_until_us(int64_t at_us) {
  struct timespec ts = {.tv_sec = at_us / 1000000,
                        .tv_nsec = (at_us % 1000000) * 1000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR) {
  }
}

void die(const char *what) {
  dprintf(2, "load: %s: %s\n", what, strerror(errno));
  _exit(70);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "scene") == 0)
    return scene_run(argv[2], argv[3]);
  if (argc == 8 && strcmp(argv[1], "client") == 0)
    return client_run(argv + 2);
  if (argc != 9) {
    dprintf(2, "usage: load scene FILE OUT\n"
               "       load client PATH PID UID ADJ TYPE TIMEOUT_MS\n"
               "       NAME KIND SLOT ADJ UID SIZE_KB RATE_KB LOCK SEED\n");
    return 64;
  }
  struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                               MAP_SHARED, SHARED_FD, 0);
  if (shared == MAP_FAILED)
    die("map the shared file");
  struct role role = {
      .kind = argv[1],
      .name = argv[0],
      .slot = atoi(argv[2]),
      .adj = atoi(argv[3]),
      .uid = atoi(argv[4]),
      .size_kb = atoll(argv[5]),
      .rate_kb = atoll(argv[6]),
      .lock = atoi(argv[7]),
      .seed = (uint64_t)atoll(argv[8]),
  };
  if (role.slot < 0 || role.slot >= PROCS_MAX)
    die("slot out of range");
  role_run(&role, shared);
  return 70;
}
