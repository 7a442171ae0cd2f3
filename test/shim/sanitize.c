/* Drives every call of the shim with arguments that nobody should pass, and
 * with some that are right. Built with AddressSanitizer and UBSan: what it
 * proves is that nothing is touched that should not be. Exits 1 with a line for
 * an answer that is not the expected one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../ffi/shim.h"

#define ARENA_BYTES (1 << 20)
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static int32_t *mailbox;
static char *arena;
static const int32_t wild[] = {INT_MIN, -4096, -1, 0, 1, 2, 63, 64, 65, 255,
                               256, 257, 4096, 65536, ARENA_BYTES - 1,
                               ARENA_BYTES, INT_MAX - 1, INT_MAX};

static void expect(int well, int line) {
  if (well) return;
  fprintf(stderr, "sanitize.c:%d: not as expected, errno %d\n", line, errno);
  exit(1);
}
#define EXPECT(condition) expect(condition, __LINE__)

static void set_all(int32_t fd, int32_t count, int32_t pid) {
  mailbox[MB_TIMEOUT_MS] = 0;
  mailbox[MB_FD] = fd;
  mailbox[MB_COUNT] = count;
  mailbox[MB_PID] = pid;
  mailbox[MB_UID] = count;
  mailbox[MB_ADJ] = count;
  mailbox[MB_OFFSET] = count;
  mailbox[MB_SOURCE] = count;
  mailbox[MB_SLOTS] = count;
  mailbox[MB_TAG] = count;
}

static void try_cold(const char *path) {
  char bytes[64] = {0};
  shim_memcg_root(path);
  shim_open(path, O_RDONLY, 0);
  for (size_t i = 0; i < COUNT(wild); i++) {
    EXPECT(shim_ask(path, bytes, wild[i], i % 2 ? wild[i] % 8 : 1) <= 0);
    EXPECT(shim_slot(wild[i], -1, 0, 16) == 0 ||
           (wild[i] < 0 || wild[i] >= SLOTS_MAX));
    EXPECT(shim_slot(0, -1, wild[i], wild[COUNT(wild) - 1 - i]) <= 0);
    EXPECT(shim_vmpressure(wild[i] == 1 || wild[i] == 2 ? -1 : wild[i], -1,
                           path, wild[i]) < 0);
    shim_listen_inherited(-1);
    shim_watch(-1, wild[i], wild[i]);
    shim_datagram(path, bytes, i % 2 ? 64 : 0);
  }
  EXPECT(shim_trigger(path, "some 1 1", 1) < 0);
  EXPECT(shim_listen(path, 0600, -1, -1) < 0);
}

/* Each hot and desk call, with every value for what it is told. */
static void try_calls(int32_t fd, int32_t value, int32_t pid) {
  static int32_t (*const calls[])(void) = {
      shim_clock,     shim_sense,      shim_receive,   shim_send,
      shim_accept,    shim_open_stat,  shim_read_adj,  shim_open_status,
      shim_wait,      shim_soft_limit, shim_scan,      shim_ask_titles,
      shim_persist,   shim_sample,
  };
  for (size_t i = 0; i < COUNT(calls); i++) {
    set_all(fd, value, pid);
    int32_t answer = calls[i]();
    if ((calls[i] == shim_open_stat || calls[i] == shim_open_status) &&
        answer >= 0)
      shim_shut(answer);
  }
}

/* Waits until the batch that try_calls asked for is read and told of. */
static void drain_titles(void) {
  mailbox[MB_COUNT] = 1;
  int32_t rc = shim_ask_titles();
  for (int tries = 0; rc == -EBUSY && tries < 1000; tries++) {
    mailbox[MB_TIMEOUT_MS] = 10;
    shim_wait();
    usleep(1000);
    rc = shim_ask_titles();
  }
  EXPECT(rc == 0);
  int32_t before = mailbox[MB_TITLES];
  for (int tries = 0; mailbox[MB_TITLES] == before && tries < 1000; tries++) {
    mailbox[MB_TIMEOUT_MS] = 10;
    shim_wait();
    usleep(1000);
  }
  EXPECT(mailbox[MB_TITLES] == before + 1);
}

static void try_titles(void) {
  drain_titles();
  int32_t *pids = (int32_t *)(void *)(arena + AT_TITLE_PIDS);
  for (int i = 0; i < TITLE_ASKS_MAX; i++) pids[i] = i % 2 ? getpid() : wild[i];
  for (int batch = 0; batch < 50; batch++) {
    memset(arena + AT_TITLE_TEXTS, 'x', TITLE_ASKS_MAX * TITLE_BYTES);
    char *behind = arena + AT_TITLE_TEXTS + TITLE_ASKS_MAX * TITLE_BYTES;
    *behind = 'y';
    int32_t before = mailbox[MB_TITLES];
    mailbox[MB_COUNT] = TITLE_ASKS_MAX;
    EXPECT(shim_ask_titles() == 0);
    EXPECT(shim_ask_titles() == -EBUSY);
    for (int tries = 0; mailbox[MB_TITLES] == before && tries < 100; tries++) {
      mailbox[MB_TIMEOUT_MS] = 100;
      shim_wait();
    }
    EXPECT(mailbox[MB_TITLES] == before + 1);
    for (int i = 0; i < TITLE_ASKS_MAX; i++) {
      const char *text = arena + AT_TITLE_TEXTS + i * TITLE_BYTES;
      EXPECT(text[TITLE_BYTES - 1] == '\0' && (i % 2 == 0 || text[0] != '\0'));
    }
    EXPECT(*behind == 'y');
  }
}

/* A child adopted, signalled, reaped and closed. */
static void try_kill(void) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  set_all(-1, 0, child);
  int32_t pidfd = shim_adopt();
  EXPECT(pidfd >= 0 && mailbox[MB_STATUS_FD] >= 0);
  shim_shut(mailbox[MB_STATUS_FD]);
  set_all(pidfd, 0, child);
  EXPECT(shim_write_adj() == 0 || mailbox[MB_ADJ] == 0);
  int32_t reaps = mailbox[MB_REAPS];
  EXPECT(shim_kill() == 0);
  EXPECT(shim_close() == 0);
  for (int tries = 0; mailbox[MB_REAPS] == reaps && tries < 200; tries++) {
    mailbox[MB_TIMEOUT_MS] = 10;
    shim_wait();
    usleep(1000);
  }
  EXPECT(mailbox[MB_REAP_PID] == child);
}

/* Filled, given back once, and never more than there may be. */
static void try_ballast(void) {
  const int32_t refused[] = {-1, INT_MIN, INT_MAX, 1 << 21};
  for (size_t i = 0; i < COUNT(refused); i++) {
    mailbox[MB_COUNT] = refused[i];
    EXPECT(shim_ballast_fill() == -EINVAL);
    EXPECT(shim_ballast_release() == 0);
  }
  const int32_t sizes[] = {4, 36, 1024, 1024, 100, 0};
  for (size_t i = 0; i < COUNT(sizes); i++) {
    mailbox[MB_COUNT] = sizes[i];
    EXPECT(shim_ballast_fill() == sizes[i]);
    if (i % 2 == 0) continue;
    EXPECT(shim_ballast_release() == sizes[i]);
    EXPECT(shim_ballast_release() == 0);
  }
  shim_prctl(-1, 0);
  EXPECT(shim_bury(getpid(), 1) == -ECHILD);
  EXPECT(shim_populate_stack() > 0);
}

/* Refused before anything is watched: the rest is in hands_text.ts. */
static void try_hot(void) {
  EXPECT(shim_hot_begin(0, 0) == -EINVAL);
  EXPECT(shim_hot_begin(1, 4096) == -EINVAL);
  EXPECT(shim_hot_begin(4096, 4095) == -EINVAL);
  EXPECT(shim_hot_begin(0, UINT64_MAX) == -E2BIG);
  EXPECT(shim_hot_end() == -EINVAL);
}

int main(int argc, char **argv) {
  char long_path[300];
  void *base = NULL;
  if (argc < 2) return 2;
  memset(long_path, 'x', sizeof long_path - 1);
  long_path[sizeof long_path - 1] = '\0';
  char question[64] = {1};
  EXPECT(shim_ask("/nowhere", question, 4, 10) == -ENOENT); /* unattached */
  EXPECT(shim_attach(ARENA_BYTES, ARENA_BYTES, &base) >= 0);
  EXPECT(shim_attach(ARENA_BYTES, ARENA_BYTES, &base) == -EBUSY);
  arena = base;
  mailbox = base;
  EXPECT(shim_layout() < EVENTS_MAX * EVENT_WORDS);
  memset(arena, 0, MAILBOX_WORDS * 4);
  EXPECT(shim_start() == 0);
  EXPECT(shim_start_threads() == 0);
  int file = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const char *paths[] = {"", "@", "/", "/proc/self/stat", "/nowhere/at/all",
                         argv[1], long_path};
  for (size_t i = 0; i < COUNT(paths); i++) try_cold(paths[i]);
  shim_memcg_root("/proc/self/../self/../self/../self/../self/../self/../self");
  int pair[2];
  EXPECT(file >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
  for (int slot = 0; slot < SLOTS_MAX; slot++)
    EXPECT(shim_slot(slot, slot % 3 ? file : -1, ARENA_BYTES - 4097 - slot,
                     4097) == 0);
  const int32_t fds[] = {-1, INT_MIN, INT_MAX, 9999, file, pair[0]};
  for (size_t f = 0; f < COUNT(fds); f++)
    for (size_t i = 0; i < COUNT(wild); i++) {
      char packet[300];
      memset(packet, (int)i, sizeof packet);
      send(pair[1], packet, i * 16 + 1, MSG_DONTWAIT);
      try_calls(fds[f], wild[i], i % 2 ? getpid() : wild[i]);
      recv(pair[1], packet, sizeof packet, MSG_DONTWAIT);
    }
  set_all(INT_MAX, 0, getpid());
  EXPECT(shim_kill() < 0);
  for (int proc = 0; proc < 2; proc++) {
    const char *list = proc ? "/proc" : "/proc/self/cgroup";
    shim_scan_from(open(list, O_RDONLY | O_CLOEXEC), proc);
    for (int i = 0; i < 100; i++) EXPECT(shim_scan() >= 0);
  }
  /* Beside the arena: no sanitizer sees what the kernel reads for us. */
  const int32_t beside[][2] = {{-1, 4}, {ARENA_BYTES - 3, 4}, {0, -1},
                               {INT_MIN, INT_MIN}, {INT_MAX, INT_MAX},
                               {0, ARENA_BYTES + 1}};
  for (size_t i = 0; i < COUNT(beside); i++) {
    set_all(file, beside[i][1], 0);
    mailbox[MB_SOURCE] = beside[i][0];
    EXPECT(shim_persist() == -EINVAL);
    EXPECT(shim_slot(0, file, beside[i][0], beside[i][1]) == -EINVAL);
  }
  try_titles();
  try_kill();
  try_hot();
  try_ballast();
  EXPECT(shim_reserve(file, 4096) == 0);
  EXPECT(shim_write(file, "text", 4) == 4);
  return 0;
}
