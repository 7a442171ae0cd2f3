/* Stands between the production shim and the C library: any call may be made
 * to fail, or to move fewer bytes than it was asked to, while the guard runs.
 * Linked with the shim's own sources by --wrap; told what to do through a file
 * that it maps (OOMGUARD_FAULTS), whose words test/faults/knobs.ts names too.
 * Without that file every call goes through. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KNOBS_BYTES 4096
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_PIDFD_OPEN 434
#define NR_PROCESS_MRELEASE 448

enum {
  /* Calls that may fail, a bit each, in two words. */
  CALLS = 0,
  ERROR = 2,
  PERMILLE = 3,
  SEED = 4,
  /* Calls that go through first; failures of each call, -1: any number. */
  SKIP = 5,
  TIMES = 6,
  /* Longest read or write, bytes; 0: as asked. */
  SHORT_BYTES = 7,
  /* SIGKILLs that reached somebody. */
  SIGNALS = 8,
  /* For each call: how often it was made, and how often it failed. */
  MADE = 16,
  FAILED = 80,
};

/* In the order of CALL_NAMES in test/faults/knobs.ts. */
enum call {
  OPEN, READ, PREAD, WRITE, PWRITE, CLOSE, EPOLL_WAIT, EPOLL_CTL, RECVMSG,
  SEND, ACCEPT4, SOCKET, BIND, LISTEN, MMAP, MLOCK2, SEM_POST, PIDFD_OPEN,
  PIDFD_SEND_SIGNAL, PROCESS_MRELEASE, GETDENTS64, MEMFD_CREATE, EPOLL_CREATE1,
  EVENTFD, FTRUNCATE, FALLOCATE, FLOCK, PTHREAD_CREATE, SETSOCKOPT, POLL,
  MADVISE, SCHED_SETSCHEDULER, LSEEK,
};

static _Atomic int32_t *knobs;
static atomic_uint draws;

int __real_open(const char *path, int flags, mode_t mode);
void *__real_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t o);

__attribute__((constructor)) static void map_knobs(void) {
  const char *path = getenv("OOMGUARD_FAULTS");
  int fd = path == NULL ? -1 : __real_open(path, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return;
  void *map = __real_mmap(NULL, KNOBS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                          fd, 0);
  if (map != MAP_FAILED) knobs = map;
}

/* A number under a thousand for each call, from the seed alone. */
static unsigned draw(void) {
  uint32_t x = (uint32_t)atomic_load(&knobs[SEED]) +
               atomic_fetch_add(&draws, 1) * 0x9e3779b9u;
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x % 1000;
}

/* Takes one of the calls that go through; 0: they were all taken. */
static int skips(void) {
  int32_t had = atomic_load(&knobs[SKIP]);
  while (had > 0 &&
         !atomic_compare_exchange_weak(&knobs[SKIP], &had, had - 1)) {
  }
  return had > 0;
}

/* Whether this call fails; errno is set then. */
static int fails(enum call call) {
  if (knobs == NULL) return 0;
  atomic_fetch_add(&knobs[MADE + (int)call], 1);
  int32_t word = atomic_load(&knobs[CALLS + (int)call / 32]);
  if (!((uint32_t)word >> call % 32 & 1)) return 0;
  if (draw() >= (unsigned)atomic_load(&knobs[PERMILLE])) return 0;
  if (skips()) return 0;
  int32_t times = atomic_load(&knobs[TIMES]);
  if (times >= 0 && atomic_load(&knobs[FAILED + (int)call]) >= times) return 0;
  int error = atomic_load(&knobs[ERROR]);
  if (error == 0) return 0;
  atomic_fetch_add(&knobs[FAILED + (int)call], 1);
  errno = error;
  return 1;
}

static size_t cut(enum call call, size_t count) {
  if (knobs == NULL) return count;
  int32_t word = atomic_load(&knobs[CALLS + (int)call / 32]);
  int32_t most = atomic_load(&knobs[SHORT_BYTES]);
  if (most <= 0 || !((uint32_t)word >> call % 32 & 1)) return count;
  if (count <= (size_t)most) return count;
  if (draw() >= (unsigned)atomic_load(&knobs[PERMILLE])) return count;
  atomic_fetch_add(&knobs[FAILED + (int)call], 1);
  return (size_t)most;
}

#define WRAP(CALL, TYPE, NAME, PARAMETERS, ARGUMENTS) \
  TYPE __real_##NAME PARAMETERS;                      \
  TYPE __wrap_##NAME PARAMETERS;                      \
  TYPE __wrap_##NAME PARAMETERS {                     \
    if (fails(CALL)) return (TYPE)-1;                 \
    return __real_##NAME ARGUMENTS;                   \
  }

WRAP(EPOLL_WAIT, int, epoll_wait,
     (int fd, struct epoll_event *events, int most, int ms),
     (fd, events, most, ms))
WRAP(EPOLL_CTL, int, epoll_ctl,
     (int set, int op, int fd, struct epoll_event *event), (set, op, fd, event))
WRAP(EPOLL_CREATE1, int, epoll_create1, (int flags), (flags))
WRAP(EVENTFD, int, eventfd, (unsigned first, int flags), (first, flags))
WRAP(RECVMSG, ssize_t, recvmsg, (int fd, struct msghdr *to, int flags),
     (fd, to, flags))
WRAP(SEND, ssize_t, send, (int fd, const void *from, size_t count, int flags),
     (fd, from, count, flags))
WRAP(ACCEPT4, int, accept4,
     (int fd, struct sockaddr *at, socklen_t *size, int flags),
     (fd, at, size, flags))
WRAP(SOCKET, int, socket, (int domain, int type, int protocol),
     (domain, type, protocol))
WRAP(BIND, int, bind, (int fd, const struct sockaddr *at, socklen_t size),
     (fd, at, size))
WRAP(LISTEN, int, listen, (int fd, int most), (fd, most))
WRAP(SETSOCKOPT, int, setsockopt,
     (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(MLOCK2, int, mlock2, (const void *at, size_t bytes, unsigned flags),
     (at, bytes, flags))
WRAP(MADVISE, int, madvise, (void *at, size_t bytes, int advice),
     (at, bytes, advice))
WRAP(SEM_POST, int, sem_post, (sem_t *semaphore), (semaphore))
WRAP(FTRUNCATE, int, ftruncate, (int fd, off_t bytes), (fd, bytes))
WRAP(FALLOCATE, int, fallocate, (int fd, int mode, off_t at, off_t bytes),
     (fd, mode, at, bytes))
WRAP(FLOCK, int, flock, (int fd, int how), (fd, how))
WRAP(POLL, int, poll, (struct pollfd *fds, nfds_t count, int ms),
     (fds, count, ms))
WRAP(LSEEK, off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence))
WRAP(SCHED_SETSCHEDULER, int, sched_setscheduler,
     (pid_t pid, int policy, const struct sched_param *param),
     (pid, policy, param))

#define WRAP_BYTES(CALL, NAME, PARAMETERS, ARGUMENTS) \
  ssize_t __real_##NAME PARAMETERS;                   \
  ssize_t __wrap_##NAME PARAMETERS;                   \
  ssize_t __wrap_##NAME PARAMETERS {                  \
    if (fails(CALL)) return -1;                       \
    count = cut(CALL, count);                         \
    return __real_##NAME ARGUMENTS;                   \
  }

WRAP_BYTES(READ, read, (int fd, void *to, size_t count), (fd, to, count))
WRAP_BYTES(PREAD, pread, (int fd, void *to, size_t count, off_t at),
           (fd, to, count, at))
WRAP_BYTES(WRITE, write, (int fd, const void *from, size_t count),
           (fd, from, count))
WRAP_BYTES(PWRITE, pwrite, (int fd, const void *from, size_t count, off_t at),
           (fd, from, count, at))

int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode) {
  return fails(OPEN) ? -1 : __real_open(path, flags, mode);
}

void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t o);
void *__wrap_mmap(void *at, size_t bytes, int prot, int flags, int fd,
                  off_t o) {
  if (fails(MMAP)) return MAP_FAILED;
  return __real_mmap(at, bytes, prot, flags, fd, o);
}

/* The descriptor is gone whatever close answers, as the kernel has it. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
  int rc = __real_close(fd);
  return fails(CLOSE) ? -1 : rc;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *how,
                          void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how,
                          void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how,
                          void *(*run)(void *), void *argument) {
  if (fails(PTHREAD_CREATE)) return errno;
  return __real_pthread_create(thread, how, run, argument);
}

static int fails_by_number(long number) {
  switch (number) {
    case NR_PIDFD_OPEN: return fails(PIDFD_OPEN);
    case NR_PIDFD_SEND_SIGNAL: return fails(PIDFD_SEND_SIGNAL);
    case NR_PROCESS_MRELEASE: return fails(PROCESS_MRELEASE);
    case SYS_getdents64: return fails(GETDENTS64);
    case SYS_memfd_create: return fails(MEMFD_CREATE);
    default: return 0;
  }
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
  long rc = fails_by_number(number)
                ? -1
                : __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  /* Signal 0 only asks whether somebody lives. */
  int kills = number == NR_PIDFD_SEND_SIGNAL && (int)a[1] != 0;
  if (kills && rc == 0 && knobs != NULL) atomic_fetch_add(&knobs[SIGNALS], 1);
  return rc;
}
