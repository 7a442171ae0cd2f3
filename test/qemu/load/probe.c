// What the runner reads of the kernel. Descriptors are opened once and read in
// place: a repeated read of these files allocates nothing, except vmstat, which
// is therefore read only when a scene begins and ends.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static int meminfo_fd = -1, psi_fd = -1, vmstat_fd = -1;
static char text[32768];

static const char *read_text(int fd) {
  const ssize_t bytes = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
  text[bytes < 0 ? 0 : bytes] = 0;
  return text;
}

static const char *read_path(const char *path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const char *from = read_text(fd);
  if (fd >= 0)
    close(fd);
  return from;
}

// The number after `key`, wherever it stands; -1 when there is none.
static int64_t number_after(const char *from, const char *key) {
  const char *at = strstr(from, key);
  return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

void probe_open(void) {
  meminfo_fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  psi_fd = open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC);
  vmstat_fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
  if (meminfo_fd < 0 || vmstat_fd < 0)
    die("open /proc");
}

struct mem_sample probe_mem(void) {
  const char *from = read_text(meminfo_fd);
  return (struct mem_sample){
      .total_kb = number_after(from, "MemTotal:"),
      .avail_kb = number_after(from, "MemAvailable:"),
      .free_kb = number_after(from, "MemFree:"),
      .swap_total_kb = number_after(from, "SwapTotal:"),
      .swap_free_kb = number_after(from, "SwapFree:"),
      .mlocked_kb = number_after(from, "Mlocked:"),
      .file_kb = number_after(from, "Active(file):") +
                 number_after(from, "Inactive(file):"),
  };
}

struct psi_sample probe_psi(void) {
  const char *from = read_text(psi_fd);
  const char *full = strstr(from, "full ");
  return (struct psi_sample){
      .some_us = number_after(from, "total="),
      .full_us = full ? number_after(full, "total=") : -1,
  };
}

int64_t probe_oom_kills(void) {
  return number_after(read_text(vmstat_fd), "\noom_kill ");
}

void probe_vmstat(const char *event) {
  const char *from = read_text(vmstat_fd);
  out_line("{\"e\":\"%s\",\"t\":%ld,\"oomKill\":%ld,\"swapInPages\":%ld,"
           "\"swapOutPages\":%ld,\"majorFaults\":%ld,\"refaultFilePages\":%ld,"
           "\"stallsNormal\":%ld,\"stallsMovable\":%ld}",
           event, (long)now_us(), (long)number_after(from, "\noom_kill "),
           (long)number_after(from, "\npswpin "),
           (long)number_after(from, "\npswpout "),
           (long)number_after(from, "\npgmajfault "),
           (long)number_after(from, "\nworkingset_refault_file "),
           (long)number_after(from, "\nallocstall_normal "),
           (long)number_after(from, "\nallocstall_movable "));
}

int probe_open_status(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  return open(path, O_RDONLY | O_CLOEXEC);
}

struct proc_sample probe_status(int status_fd) {
  const char *from = read_text(status_fd);
  return (struct proc_sample){
      .rss_kb = number_after(from, "VmRSS:"),
      .anon_kb = number_after(from, "RssAnon:"),
      .file_kb = number_after(from, "RssFile:"),
      .swap_kb = number_after(from, "VmSwap:"),
      .locked_kb = number_after(from, "VmLck:"),
  };
}

// utime + stime of PID/stat, fields 14 and 15, counted from the last ')'
// because a comm may hold anything.
int64_t probe_cpu_ms(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const char *at = strrchr(read_text(fd), ')');
  if (fd >= 0)
    close(fd);
  for (int field = 2; at && field < 14; field++)
    at = strchr(at + 1, ' ');
  if (!at)
    return -1;
  char *end;
  const int64_t user = strtoll(at, &end, 10);
  return (user + strtoll(end, NULL, 10)) * 1000 / sysconf(_SC_CLK_TCK);
}

// Of every thread: its time on a CPU, ns in the first field of schedstat, and
// how often it went to sleep by itself.
struct spent probe_spent(int pid) {
  struct spent spent = {0};
  char path[384];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  for (struct dirent *one; tasks && (one = readdir(tasks));) {
    if (atoi(one->d_name) <= 0)
      continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, one->d_name);
    spent.cpu_us += strtoll(read_path(path), NULL, 10) / 1000;
    snprintf(path, sizeof path, "/proc/%d/task/%s/status", pid, one->d_name);
    const int64_t sleeps =
        number_after(read_path(path), "\nvoluntary_ctxt_switches:");
    spent.sleeps += sleeps > 0 ? sleeps : 0;
  }
  if (tasks)
    closedir(tasks);
  return spent;
}

// What the kernel holds a process for; -1001 when it cannot be read.
int probe_adj(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/oom_score_adj", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const char *from = read_text(fd);
  const int adj = *from ? atoi(from) : -1001;
  if (fd >= 0)
    close(fd);
  return adj;
}
