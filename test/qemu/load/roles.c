// The processes of a scene. Each takes its place (importance, uid, name), then
// uses memory the way its kind does, for ever.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "roles.h"

enum {
  APP_TOUCH_US = 1000000,
  BUSY_TOUCH_US = 100000,
  APP_HOT_PART = 8, // a cached app keeps an eighth of its pages in use
  BUSY_HOT_PART = 4,
  HEART_HOT_PART = 8, // the heart walks its whole set in eight beats
  // Of the framework's file, the heart goes through 16 MB in 64 beats, and a
  // busy process through all of it in 64 wakes.
  FRAMEWORK_HEART_PAGES = 4096,
  FRAMEWORK_HEART_PART = 64,
  FRAMEWORK_BUSY_PART = 64,
  // A whole round of the working set takes a second at best.
  THRASH_PARTS = 64,
  THRASH_US = 15625,
  KNOCK_US = 20000,
};

void run_cached(unsigned char *base, int64_t pages) {
  for (;;) {
    nap_until_us(now_us() + APP_TOUCH_US);
    touch(base, 0, pages / APP_HOT_PART);
  }
}

// A client that comes and goes: whoever lets it in has to open something.
static void run_knock(void) {
  for (;;) {
    const int fd = ams_connect("/dev/socket/lmkd");
    if (fd >= 0)
      close(fd);
    nap_until_us(now_us() + KNOCK_US);
  }
}

void run_busy(unsigned char *base, int64_t pages) {
  const int64_t part = framework_pages / FRAMEWORK_BUSY_PART;
  for (int64_t wake = 0;; wake++) {
    nap_until_us(now_us() + BUSY_TOUCH_US);
    touch(base, 0, pages / BUSY_HOT_PART);
    read_framework((wake % FRAMEWORK_BUSY_PART) * part, part);
  }
}

// A foreground app with a large working set: all of its own pages and all of
// the framework's code, over and over, a little at a time.
static void run_thrash(unsigned char *base, int64_t pages) {
  const int64_t part = pages / THRASH_PARTS;
  const int64_t code_part = framework_pages / THRASH_PARTS;
  for (int64_t wake = 0;; wake++) {
    nap_until_us(now_us() + THRASH_US);
    const int64_t at = wake % THRASH_PARTS;
    touch(base, at * part, (at + 1) * part);
    read_framework(at * code_part, code_part);
  }
}

// Takes a block, writes every byte of it, rests, and takes the next, until
// somebody ends it. All bytes alike: swap on zram keeps such pages for nothing.
static void run_greedy(const struct role *role, struct cell *cell) {
  const int64_t rest_us = role->size_kb * 1000000 / role->rate_kb;
  for (int64_t done_kb = 0;; done_kb += role->size_kb) {
    memset(reserve(role->size_kb), 0x5a, (size_t)role->size_kb * 1024);
    atomic_store(&cell->touched_kb, done_kb + role->size_kb);
    nap_until_us(now_us() + rest_us);
  }
}

// Every beat that was due is counted, also those that fell into a stall, so a
// long stall is not one late beat among many good ones.
static void run_heart(struct shared *shared, unsigned char *base,
                      int64_t pages) {
  const int64_t part = pages / HEART_HOT_PART;
  const int64_t code_part = FRAMEWORK_HEART_PAGES / FRAMEWORK_HEART_PART;
  int64_t due_us = now_us() + BEAT_US;
  for (uint32_t beat = 0;; beat++) {
    atomic_store(&shared->beat_due_us, due_us);
    nap_until_us(due_us);
    const int64_t from = (beat % HEART_HOT_PART) * part;
    touch(base, from, from + part);
    read_framework((beat % FRAMEWORK_HEART_PART) * code_part, code_part);
    const int64_t late_us = now_us() - due_us;
    if (beat < BEATS_MAX) {
      shared->beat_late_us[beat] = (uint32_t)late_us;
      atomic_store(&shared->beat_count, beat + 1);
    }
    due_us += BEAT_US;
  }
}

static void take_place(const struct role *role) {
  char text[16];
  const int length = snprintf(text, sizeof text, "%d", role->adj);
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, (size_t)length) != length)
    die("set oom_score_adj");
  close(fd);
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  if (role->lock && setrlimit(RLIMIT_MEMLOCK, &unlimited) < 0)
    die("lift RLIMIT_MEMLOCK");
  const char *tail = strrchr(role->name, '.');
  prctl(PR_SET_NAME, tail ? tail + 1 : role->name);
  const uid_t uid = (uid_t)role->uid;
  if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
    die("set uid");
  // No process of a scene outlives the runner; a change of uid forgets this.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void role_run(const struct role *role, struct shared *shared) {
  struct cell *cell = &shared->cells[role->slot];
  atomic_store(&cell->pid, getpid());
  take_place(role);
  atomic_store(&cell->stage, STAGE_PLACED);
  if (strcmp(role->kind, "greedy") == 0) {
    wait_for_go(role, shared);
    run_greedy(role, cell);
  }
  while (strcmp(role->kind, "idle") == 0)
    pause();
  if (strcmp(role->kind, "held") == 0) {
    wait_for_go(role, shared);
    held_run(reserve(role->size_kb), role->size_kb);
  }
  if (strcmp(role->kind, "knock") == 0) {
    atomic_store(&cell->stage, STAGE_READY);
    run_knock();
  }
  if (strcmp(role->kind, "reader") == 0)
    reader_run(shared, cell, 0);
  map_framework();
  fill_noise(role->seed + (uint64_t)role->slot);
  const int64_t pages = role->size_kb / PAGE_KB;
  unsigned char *base = reserve(role->size_kb);
  run_growing(role, cell, shared, base);
  for (int64_t page = 0; page < pages; page++)
    fill_page(base + page * PAGE_BYTES, page);
  atomic_store(&cell->touched_kb, role->size_kb);
  atomic_store(&cell->stage, STAGE_READY);
  if (strcmp(role->kind, "heart") == 0)
    run_heart(shared, base, pages);
  if (strcmp(role->kind, "busy") == 0)
    run_busy(base, pages);
  if (strcmp(role->kind, "thrash") == 0)
    run_thrash(base, pages);
  run_cached(base, pages);
}
