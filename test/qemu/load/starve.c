// The starved guard: every allocation that the kernel makes for one of its
// threads fails, from calm until the last hog is dead. Needs a kernel with
// fault injection (guest/faultinj.config); what is injected is counted.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

// More failures than any trial lives to see; how many are left is the count.
static const long TIMES = 1000000000;
static const char *const POOLS[] = {"failslab", "fail_page_alloc"};
static int own_fd = -1;

static void put(const char *pool, const char *knob, long value) {
  char path[96], text[24];
  snprintf(path, sizeof path, "/sys/kernel/debug/%s/%s", pool, knob);
  snprintf(text, sizeof text, "%ld", value);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0)
    out_line("{\"e\":\"note\",\"t\":%ld,\"line\":\"%s not set: errno %d\"}",
             (long)now_us(), path, errno);
  if (fd >= 0)
    close(fd);
}

static long times_left(const char *pool) {
  char path[96], text[24] = {0};
  snprintf(path, sizeof path, "/sys/kernel/debug/%s/times", pool);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t bytes = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0)
    close(fd);
  return bytes > 0 ? atol(text) : TIMES;
}

// Marks every thread of the process; answers how many were marked.
static int mark(int pid, const char *text) {
  char path[320];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  int count = 0;
  for (struct dirent *one; tasks && (one = readdir(tasks));) {
    if (atoi(one->d_name) <= 0)
      continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/make-it-fail", pid,
             one->d_name);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    count += fd >= 0 && write(fd, text, 1) == 1;
    if (fd >= 0)
      close(fd);
  }
  if (tasks)
    closedir(tasks);
  return count;
}

// Whether an open really fails, tried on the runner itself.
static int is_effective(void) {
  if (own_fd < 0 || pwrite(own_fd, "1", 1, 0) != 1)
    return 0;
  const int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  const int refused = fd < 0 && errno == ENOMEM;
  if (fd >= 0)
    close(fd);
  pwrite(own_fd, "0", 1, 0);
  return refused;
}

void starve_begin(void) {
  own_fd = open("/proc/thread-self/make-it-fail", O_WRONLY | O_CLOEXEC);
  for (size_t i = 0; i < sizeof POOLS / sizeof *POOLS; i++) {
    put(POOLS[i], "probability", 100);
    put(POOLS[i], "interval", 1);
    put(POOLS[i], "verbose", scene.verbose);
    put(POOLS[i], "task-filter", 1);
    put(POOLS[i], "ignore-gfp-wait", 0);
    put(POOLS[i], "times", TIMES);
  }
  put("fail_page_alloc", "min-order", 0);
  put("fail_page_alloc", "ignore-gfp-highmem", 0);
  const int works = is_effective();
  const int threads = mark(guard.pid, "1");
  out_line("{\"e\":\"starving\",\"t\":%ld,\"threads\":%d,\"works\":%s}",
           (long)now_us(), threads, works ? "true" : "false");
}

// How many allocations have been refused so far, the runner's own included.
void starve_tell(void) {
  out_line("{\"e\":\"starved\",\"t\":%ld,\"slab\":%ld,\"pages\":%ld}",
           (long)now_us(), TIMES - times_left(POOLS[0]),
           TIMES - times_left(POOLS[1]));
}

void starve_end(void) {
  starve_tell();
  for (size_t i = 0; i < sizeof POOLS / sizeof *POOLS; i++)
    put(POOLS[i], "probability", 0);
}
