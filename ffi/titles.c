/* Command names, read by a thread of its own: /proc/PID/cmdline waits for the
 * mmap lock of its process, which a stalled one may hold for long. The guard
 * asks, goes on, and its next wait tells when all have been read. */
#include "internal.h"

#include <fcntl.h>

atomic_uint titles_read;
static unsigned titles_asked;
static int32_t count;
static int32_t pids[TITLE_ASKS_MAX];
sem_t titles_due;

/* The first argument up to its first space, padded with NULs. */
static void read_title(int32_t pid, char *title) {
  memset(title, 0, TITLE_BYTES);
  int fd = open_of(pid, "cmdline", O_RDONLY);
  if (fd < 0) return;
  size_t filled = 0;
  while (filled < TITLE_BYTES - 1 && memchr(title, ' ', filled) == NULL &&
         memchr(title, '\0', filled) == NULL) {
    ssize_t n;
    int tries = 0;
    do n = read(fd, title + filled, TITLE_BYTES - 1 - filled);
    while (n < 0 && errno == EINTR && ++tries < EINTRS_MAX);
    if (n <= 0) break;
    filled += (size_t)n;
  }
  close(fd);
  size_t length = strcspn(title, " ");
  memset(title + length, 0, TITLE_BYTES - length);
}

void *title_reader(void *unused) {
  for (;;) {
    while (sem_wait(&titles_due) != 0) {
    }
    for (int32_t i = 0; i < count; i++)
      read_title(pids[i], arena + AT_TITLE_TEXTS + i * TITLE_BYTES);
    atomic_fetch_add(&titles_read, 1);
    wake_wait();
  }
  return unused;
}

int32_t shim_ask_titles(void) {
  int32_t wanted = mailbox[MB_COUNT];
  if (wanted < 1 || wanted > TITLE_ASKS_MAX) return -EINVAL;
  /* Also busy until a wait has told: nobody has taken the last batch yet. */
  if (titles_asked != (unsigned)mailbox[MB_TITLES]) return -EBUSY;
  count = wanted;
  memcpy(pids, words_at(AT_TITLE_PIDS), sizeof pids);
  if (sem_post(&titles_due) != 0) return -errno;
  titles_asked++;
  return 0;
}
