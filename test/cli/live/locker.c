/* Takes and leaves the locks of many files without pause, until its input
 * ends: the page boundaries of /proc/locks never rest. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILES 300

int main(int argc, char **argv) {
  int fds[FILES];
  char path[256];
  if (argc != 2 || strlen(argv[1]) > 200) return 2;
  for (int i = 0; i < FILES; i++) {
    snprintf(path, sizeof path, "%s/%d", argv[1], i);
    fds[i] = open(path, O_RDWR | O_CREAT, 0600);
    if (fds[i] < 0) return 3;
  }
  puts("locking");
  fflush(stdout);
  while (poll(&(struct pollfd){.events = POLLIN}, 1, 0) == 0) {
    for (int i = 0; i < FILES; i++) flock(fds[i], LOCK_EX);
    for (int i = 0; i < FILES; i++) flock(fds[i], LOCK_UN);
  }
  return 0;
}
