// What is told once, when a scene begins or ends: the heart's lateness, the
// guard's own size, and a file of the guard's choice.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

enum { RECORD_BYTES = 384 }; // of a journal: 96 words (src/base/limits.ts)

static int compare_us(const void *left, const void *right) {
  const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

void report_heart(const struct shared *shared, uint32_t begin_beat) {
  static uint32_t late_us[BEATS_MAX];
  const uint32_t count = atomic_load(&shared->beat_count) - begin_beat;
  memcpy(late_us, shared->beat_late_us + begin_beat, count * sizeof *late_us);
  qsort(late_us, count, sizeof *late_us, compare_us);
  // A beat that is due and has not come yet is the worst of all.
  int64_t pending_us = now_us() - atomic_load(&shared->beat_due_us);
  const int64_t max_us = count ? late_us[count - 1] : 0;
  if (pending_us < max_us)
    pending_us = max_us;
  out_line("{\"e\":\"heart\",\"t\":%ld,\"count\":%u,\"p50Us\":%u,\"p99Us\":%u,"
           "\"maxUs\":%ld}",
           (long)now_us(), count, count ? late_us[count / 2] : 0,
           count ? late_us[(uint64_t)count * 99 / 100] : 0, (long)pending_us);
}

void report_guard(const struct guard *guard, const char *event) {
  if (guard->pidfd < 0)
    return;
  const int fd = probe_open_status(guard->pid);
  const struct proc_sample now = probe_status(fd);
  close(fd);
  struct spent spent = probe_spent(guard->pid);
  int64_t keeper_kb = 0;
  const int keeper = arena_word(ARENA_KEEPER);
  if (keeper > 0) {
    const struct spent more = probe_spent(keeper);
    const int keeper_fd = probe_open_status(keeper);
    keeper_kb = probe_status(keeper_fd).rss_kb;
    close(keeper_fd);
    spent.cpu_us += more.cpu_us;
    spent.sleeps += more.sleeps;
  }
  out_line("{\"e\":\"%s\",\"t\":%ld,\"rss\":%ld,\"anon\":%ld,\"file\":%ld,"
           "\"swap\":%ld,\"locked\":%ld,\"cpuMs\":%ld,\"cpuUs\":%ld,"
           "\"sleeps\":%ld,\"keeperKb\":%ld}",
           event, (long)now_us(), (long)now.rss_kb, (long)now.anon_kb,
           (long)now.file_kb, (long)now.swap_kb, (long)now.locked_kb,
           (long)probe_cpu_ms(guard->pid), (long)spent.cpu_us,
           (long)spent.sleeps, (long)keeper_kb);
}

void report_file(const char *event, const char *path) {
  static char bytes[8192];
  const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  const ssize_t count = fd < 0 ? 0 : read(fd, bytes, sizeof bytes - 1);
  if (count <= 0)
    return;
  bytes[count] = 0;
  for (char *save, *line = strtok_r(bytes, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save))
    out_text(event, line, strlen(line));
  close(fd);
}

// The journal's records as they are, those never written left out.
void report_journal(const char *path) {
  static unsigned char record[RECORD_BYTES];
  static char hex[2 * RECORD_BYTES + 1];
  const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  while (fd >= 0 && read(fd, record, sizeof record) == (ssize_t)sizeof record) {
    int any = 0;
    for (size_t i = 0; i < sizeof record; i++) {
      snprintf(hex + 2 * i, 3, "%02x", record[i]);
      any |= record[i];
    }
    if (any)
      out_line("{\"e\":\"journal\",\"t\":%ld,\"hex\":\"%s\"}", (long)now_us(),
               hex);
  }
  if (fd >= 0)
    close(fd);
}
