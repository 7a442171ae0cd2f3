/* What the parts of the shim share among themselves. */
#ifndef OOMGUARD_INTERNAL_H
#define OOMGUARD_INTERNAL_H

#define _GNU_SOURCE
#include "shim.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers shared by x86_64 and aarch64; older headers lack them. */
#define NR_PIDFD_SEND_SIGNAL 424
/* A call that signals interrupt is repeated so often; one that is always
 * interrupted is then told as any that fails. */
#define EINTRS_MAX 16

/* A thread's stack. glibc refuses less than PTHREAD_STACK_MIN, 128 kB on
 * aarch64 (16 kB on x86_64); that name is no constant since glibc 2.34. */
#define THREAD_STACK_BYTES (128 * 1024)
_Static_assert(THREAD_STACK_BYTES >= 131072, "PTHREAD_STACK_MIN of aarch64");

extern char *arena;
extern int32_t arena_bytes;
extern int32_t *mailbox;
extern int epoll_fd;

/* The title thread, what wakes it, and the batches it has read, which a wait
 * tells on as MB_TITLES. */
void *title_reader(void *unused);
extern sem_t titles_due;
extern atomic_uint titles_read;

/* The watchdog thread: what a beat tells it, and what it may do to the reaper's
 * queue, which a close waits for, with the lock held. */
void watchdog_expect(int32_t ms);
extern atomic_int sampling; /* the reactor reads status files now */
int closing_try_lock(void);
void closing_unlock(void);
void reap_locked(int32_t fd, int32_t pid);
int64_t now_us(void);

/* Makes the wait return, from any thread or a signal handler. */
void wake_wait(void);
int open_of(int32_t pid, const char *name, int flags);
ssize_t read_at(int fd, char *into, int32_t capacity, int32_t at);
int32_t read_whole(int fd, char *into, int32_t capacity, int32_t whole);

/* A status or stat file that is shorter is read on to its end: a kernel
 * thread's stat has 150 bytes (6.18). */
#define SAMPLE_BYTES_MIN 100

static inline int32_t result(long value) {
  return value < 0 ? -errno : (int32_t)value;
}

/* `fd` when all went well; else closes it and says why. */
static inline int32_t kept(int fd, int well) {
  if (well) return fd;
  int error = errno;
  close(fd);
  return -error;
}

static inline int32_t *words_at(int offset) {
  return (int32_t *)(void *)(arena + offset);
}

/* Adds a descriptor to the wait, under a tag and a detail. */
static inline int watch(int fd, uint32_t events, int32_t tag, int32_t detail) {
  struct epoll_event event = {.events = events};
  event.data.u64 = (uint64_t)(uint32_t)tag | (uint64_t)(uint32_t)detail << 32;
  return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static inline int32_t signal_through(int pidfd, int number) {
  return result(syscall(NR_PIDFD_SEND_SIGNAL, pidfd, number, NULL, 0U));
}

#endif
