// The kernel's own record of what the guard allocates: the kmem events of its
// threads and its keeper's, with the way that led there; when its turns begin
// and end; which pages it had to wait for; and every SIGKILL, whoever sends it.
// Set up in calm time, read when all is over. Where the kernel lacks an event
// the others do.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

enum { FILTER_BYTES = 4096, CHUNK_BYTES = 16384 };
static const char TRACING[] = "/sys/kernel/tracing";
static const char *const KMEM[] = {
    "kmem/kmalloc",
    "kmem/kmem_cache_alloc",
    "kmem/kmalloc_node",
    "kmem/kmem_cache_alloc_node",
    "kmem/mm_page_alloc",
};
static const char *const TURNS[] = {
    "syscalls/sys_enter_epoll_wait",
    "syscalls/sys_exit_epoll_wait",
};
static char filter[FILTER_BYTES];

static int put(const char *path, const char *text) {
  char whole[128];
  snprintf(whole, sizeof whole, "%s/%s", TRACING, path);
  const int fd = open(whole, O_WRONLY | O_CLOEXEC);
  const int is_put = fd >= 0 && write(fd, text, strlen(text)) > 0;
  if (fd >= 0)
    close(fd);
  return is_put;
}

static int record(const char *event, const char *of, int with_stack) {
  static char stack[FILTER_BYTES + 32];
  char path[128];
  snprintf(path, sizeof path, "events/%s/filter", event);
  if (!put(path, of))
    return 0;
  snprintf(path, sizeof path, "events/%s/trigger", event);
  snprintf(stack, sizeof stack, "stacktrace if %s", of);
  if (with_stack)
    put(path, stack);
  snprintf(path, sizeof path, "events/%s/enable", event);
  return put(path, "1");
}

// Adds the threads of a process to the filter; answers how many.
static int add_threads(int pid) {
  char folder[64];
  snprintf(folder, sizeof folder, "/proc/%d/task", pid);
  DIR *tasks = pid > 0 ? opendir(folder) : NULL;
  int count = 0;
  for (struct dirent *one; tasks && (one = readdir(tasks));) {
    const size_t length = strlen(filter);
    if (atoi(one->d_name) <= 0)
      continue;
    snprintf(filter + length, sizeof filter - length, "%scommon_pid==%d",
             length ? "||" : "", atoi(one->d_name));
    count++;
  }
  if (tasks)
    closedir(tasks);
  return count;
}

void trace_begin(void) {
  // Recorded since the boot (vm.ts): from here only what is deadly.
  if (scene.signals && !scene.trace)
    put("events/signal/signal_generate/filter", "sig==9||sig==15");
  if (!scene.trace)
    return;
  int events = 0;
  const int threads = add_threads(guard.pid);
  const int keepers = add_threads(arena_word(ARENA_KEEPER));
  put("trace_clock", "mono");
  put("buffer_size_kb", "2048");
  for (size_t i = 0; i < sizeof KMEM / sizeof *KMEM; i++)
    events += record(KMEM[i], filter, 1);
  int turns = 1;
  for (size_t i = 0; i < sizeof TURNS / sizeof *TURNS; i++)
    turns &= record(TURNS[i], filter, 0);
  const int signals = record("signal/signal_generate", "sig==9", 0);
  record("exceptions/page_fault_user", filter, 0);
  out_line("{\"e\":\"tracing\",\"t\":%ld,\"guard\":%d,\"threads\":%d,"
           "\"keepers\":%d,\"events\":%d,\"turns\":%s,\"signals\":%s}",
           (long)now_us(), guard.pid, threads, keepers, events,
           turns ? "true" : "false", signals ? "true" : "false");
}

// Tells the lines of a chunk; answers how many bytes of it they were.
static size_t tell_lines(const char *event, const char *chunk, size_t bytes) {
  size_t from = 0;
  for (size_t i = 0; i < bytes; i++) {
    if (chunk[i] != '\n')
      continue;
    out_text(event, chunk + from, i - from);
    from = i + 1;
    out_make_room();
  }
  return from;
}

static void tell_file(const char *event, const char *path) {
  static char chunk[CHUNK_BYTES];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  size_t held = 0;
  ssize_t count;
  while ((count = read(fd, chunk + held, sizeof chunk - held)) > 0) {
    held += (size_t)count;
    const size_t told = tell_lines(event, chunk, held);
    memmove(chunk, chunk + told, held - told);
    held -= told;
  }
  if (fd >= 0)
    close(fd);
}

void trace_end(void) {
  char path[64];
  if (!scene.trace && !scene.signals)
    return;
  put("tracing_on", "0");
  snprintf(path, sizeof path, "%s/trace", TRACING);
  tell_file("trace", path);
  if (!scene.trace)
    return;
  snprintf(path, sizeof path, "/proc/%d/maps", guard.pid);
  tell_file("maps", path);
}
