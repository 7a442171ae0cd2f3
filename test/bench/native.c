/* The syscalls of each phase of the guard and nothing else, timed by
 * themselves: what the same reads cost in C. Loaded into the process that is
 * measured, so that thread, priority and surroundings are the same. Nothing is
 * parsed. Each answers ns, or -errno; the reads go as ffi/shim.c has them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SETS 4
#define FILES_MAX 4096
#define BYTES_MAX 262144
#define PAGE 4096
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_PIDFD_OPEN 434

static struct set {
  struct { int fd, capacity; } files[FILES_MAX];
  int count, next;
} sets[SETS];
static char bytes[BYTES_MAX];
static int epoll_fd = -1, timer_fd = -1, event_fd = -1;
static int victim_fd = -1, victim_status = -1;
static int64_t begun;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int32_t since(int64_t ns) {
  int64_t passed = now_ns() - ns;
  return passed > INT32_MAX ? INT32_MAX : (int32_t)passed;
}

/* Around what is measured from outside. */
int32_t bench_begin(void) {
  begun = now_ns();
  return 0;
}

int32_t bench_end(void) { return since(begun); }

int32_t bench_sleep(int32_t ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
  while (nanosleep(&t, &t) != 0 && errno == EINTR) {
  }
  return 0;
}

/* Adds a file to a set; `capacity`: of the buffer that the guard reads it to. */
int32_t bench_add(int32_t set, const char *path, int32_t capacity) {
  struct set *s = &sets[set];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  if (s->count == FILES_MAX || capacity > BYTES_MAX) return -ENOSPC;
  s->files[s->count].fd = fd;
  s->files[s->count].capacity = capacity;
  return ++s->count;
}

/* What fits a page comes in one read; the rest is read to its end. */
static void read_file(int fd, int capacity) {
  ssize_t n, at = 0;
  do {
    n = pread(fd, bytes, (size_t)capacity - (size_t)at, at);
    if (n > 0) at += n;
  } while (n > 0 && capacity > PAGE && at < capacity);
}

static void read_next(struct set *s, int count) {
  for (int i = 0; i < count && i < s->count; i++) {
    if (s->next >= s->count) s->next = 0;
    read_file(s->files[s->next].fd, s->files[s->next].capacity);
    s->next++;
  }
}

/* The next `count` files of a set, in rotation. */
int32_t bench_read(int32_t set, int32_t count) {
  int64_t start = now_ns();
  read_next(&sets[set], count);
  return since(start);
}

/* Raised, the event ends each wait that has it at once; answers it. */
int32_t bench_event(int32_t raised) {
  uint64_t one = 1;
  if (event_fd < 0) event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  (void)!read(event_fd, &one, sizeof one);
  one = 1;
  if (raised) (void)!write(event_fd, &one, sizeof one);
  return event_fd;
}

int32_t bench_open(void) {
  struct epoll_event event = {.events = EPOLLIN};
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, bench_event(0), &event);
}

static void beat(void) {
  struct itimerspec due = {{0, 0}, {60, 0}};
  timerfd_settime(timer_fd, 0, &due, NULL);
}

/* A turn: both beats around the wait, the files of set 0, `count` of set 1. */
int32_t bench_turn(int32_t count) {
  struct epoll_event ready[64];
  int64_t start = now_ns();
  beat();
  epoll_wait(epoll_fd, ready, 64, 0);
  beat();
  read_next(&sets[0], sets[0].count);
  read_next(&sets[1], count);
  return since(start);
}

/* Takes aim at a process. */
int32_t bench_aim(int32_t pid, const char *status) {
  victim_fd = (int)syscall(NR_PIDFD_OPEN, pid, 0U);
  victim_status = open(status, O_RDONLY | O_CLOEXEC);
  return victim_fd < 0 || victim_status < 0 ? -errno : 0;
}

/* Its status once more, and the signal. */
int32_t bench_act(void) {
  int64_t start = now_ns();
  read_file(victim_status, PAGE);
  syscall(NR_PIDFD_SEND_SIGNAL, victim_fd, SIGKILL, NULL, 0);
  int32_t ns = since(start);
  close(victim_fd);
  close(victim_status);
  return ns;
}
