// Memory groups, for guards that kill groups instead of processes: each process
// of a scene in one of its own, named as systemd names a scope or a service,
// whether systemd is there or not. Lines of a scene, paths below /sys/fs/cgroup:
//   groups user.slice/user-1000.slice/user@1000.service system.slice
//   mark trusted.oomd_avoid -1000 200
//   guardgroup hostcritical.slice/oomd.service 64
// The first: where apps and where system services live. The second: an extended
// attribute that groups of processes of such an importance get. The third: the
// guard's own group, and how many MB are guaranteed to it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "scene.h"

enum { APP_UID_MIN = 10000, PATH_BYTES = 256, MARKS_MAX = 4 };
static const char ROOT[] = "/sys/fs/cgroup";

static const char *apps, *services, *guard_group;
static int64_t guard_min_mb;
static struct {
  const char *name;
  int adj_min, adj_max;
} marks[MARKS_MAX];
static int mark_count;

int groups_parse(char **words, int count) {
  if (count == 3 && strcmp(words[0], "groups") == 0) {
    apps = words[1];
    services = words[2];
  } else if (count == 3 && strcmp(words[0], "guardgroup") == 0) {
    guard_group = words[1];
    guard_min_mb = atoll(words[2]);
  } else if (count == 4 && strcmp(words[0], "mark") == 0 &&
             mark_count < MARKS_MAX) {
    marks[mark_count].name = words[1];
    marks[mark_count].adj_min = atoi(words[2]);
    marks[mark_count++].adj_max = atoi(words[3]);
  } else {
    return 0;
  }
  return 1;
}

static void put(const char *group, const char *file, const char *text) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", group, file);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0)
    die(path);
  close(fd);
}

// Makes a group and those above it, each with the memory of its children told
// apart; answers its whole path.
static void make(char *path, const char *below, int64_t min_mb) {
  char bytes[24];
  size_t at = (size_t)snprintf(path, PATH_BYTES, "%s/%s", ROOT, below);
  if (at >= PATH_BYTES - 1)
    die(below);
  snprintf(bytes, sizeof bytes, "%ld", (long)(min_mb << 20));
  path[at] = '/';
  path[at + 1] = 0;
  for (at = sizeof ROOT; path[at]; at++) {
    if (path[at] != '/')
      continue;
    path[at] = 0;
    char *parent_end = strrchr(path, '/');
    *parent_end = 0;
    put(path, "cgroup.subtree_control", "+memory +pids");
    *parent_end = '/';
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
      die(path);
    if (min_mb > 0)
      put(path, "memory.min", bytes);
    path[at] = '/';
  }
  path[at - 1] = 0;
}

static void path_of(char *path, const struct proc *proc) {
  const int is_app = proc->uid >= APP_UID_MIN;
  const int bytes = snprintf(path, PATH_BYTES, "%s/%s.%s",
                             is_app ? apps : services, proc->name,
                             is_app ? "scope" : "service");
  if (bytes >= PATH_BYTES)
    die(proc->name);
}

void group_make(const struct proc *proc) {
  char below[PATH_BYTES], path[PATH_BYTES];
  if (!apps)
    return;
  path_of(below, proc);
  make(path, below, 0);
  for (int i = 0; i < mark_count; i++)
    if (proc->adj >= marks[i].adj_min && proc->adj <= marks[i].adj_max &&
        setxattr(path, marks[i].name, "1", 1, 0) < 0)
      die(marks[i].name);
}

void group_enter(const struct proc *proc) {
  char below[PATH_BYTES], path[PATH_BYTES + sizeof ROOT];
  if (!apps)
    return;
  path_of(below, proc);
  snprintf(path, sizeof path, "%s/%s", ROOT, below);
  put(path, "cgroup.procs", "0");
}

int group_make_guard(void) {
  char path[PATH_BYTES];
  if (guard_group)
    make(path, guard_group, guard_min_mb);
  return guard_group != NULL;
}

void group_enter_guard(void) {
  char path[PATH_BYTES];
  snprintf(path, sizeof path, "%s/%s", ROOT, guard_group);
  put(path, "cgroup.procs", "0");
}
