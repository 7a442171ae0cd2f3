// The guard's arena, looked into without asking the guard: the descriptor of
// its memory file is found in /proc once, while all is calm, and the pages in
// question are mapped and stay. The numbers of words come from the scene.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"

enum { PAGE_BYTES = PAGE_KB * 1024 };
static const char ARENA_LINK[] = "/memfd:oomguard-arena";

static int open_arena(int pid) {
  char folder[64], path[384], link[sizeof ARENA_LINK + 1];
  snprintf(folder, sizeof folder, "/proc/%d/fd", pid);
  DIR *fds = opendir(folder);
  int found = -1;
  for (struct dirent *one; fds && found < 0 && (one = readdir(fds));) {
    snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
    const ssize_t bytes = readlink(path, link, sizeof link - 1);
    if (bytes >= (ssize_t)sizeof ARENA_LINK - 1 &&
        memcmp(link, ARENA_LINK, sizeof ARENA_LINK - 1) == 0)
      found = open(path, O_RDONLY | O_CLOEXEC);
  }
  if (fds)
    closedir(fds);
  return found;
}

// Maps the page that holds each word; a word that no scene asked for, or that
// lies beyond the end, stays unknown.
void arena_open(int pid) {
  const int fd = open_arena(pid);
  struct stat stat;
  if (fd < 0 || fstat(fd, &stat) < 0)
    return;
  for (int i = 0; i < WORDS_OF_ARENA; i++) {
    const int64_t at = scene.arena_at[i], page = at / PAGE_BYTES * PAGE_BYTES;
    if (at <= 0 || at + 4 > stat.st_size)
      continue;
    const char *base = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, fd, page);
    if (base != MAP_FAILED)
      scene.arena[i] = (const _Atomic int32_t *)(const void *)(base + at - page);
  }
  close(fd);
}

// A word as the guard has it now; 0 where it is unknown.
int32_t arena_word(int which) {
  return scene.arena[which] ? atomic_load(scene.arena[which]) : 0;
}
