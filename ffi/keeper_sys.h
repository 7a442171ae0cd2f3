/* What the keeper is built on instead of a C library: the entry, system calls
 * that answer >= 0 or -errno, and the functions a compiler calls unasked. */
#ifndef OOMGUARD_KEEPER_SYS_H
#define OOMGUARD_KEEPER_SYS_H

#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/wait.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of every architecture; older headers lack some. */
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_PIDFD_OPEN 434
#define SET_THP_DISABLE 41 /* PR_SET_THP_DISABLE, 3.15 */
#define FIFO 1             /* SCHED_FIFO and SCHED_RESET_ON_FORK, */
#define RESET_ON_FORK 0x40000000 /* which libc's headers would say */
#define REALTIME 0         /* CLOCK_REALTIME */
#define MONOTONIC 1        /* CLOCK_MONOTONIC */

struct clock {
  int64_t s, ns;
};

#if defined(__x86_64__)
static inline long sys(long number, long a, long b, long c, long d, long e) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long answer;
  __asm__ volatile("syscall"
                   : "=a"(answer)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return answer;
}

/* The one call with six. */
static inline long sys_mmap(size_t bytes, int protection, int flags, int fd) {
  register long r10 __asm__("r10") = flags;
  register long r8 __asm__("r8") = fd;
  register long r9 __asm__("r9") = 0;
  long answer;
  __asm__ volatile("syscall"
                   : "=a"(answer)
                   : "a"((long)__NR_mmap), "D"(0L), "S"(bytes),
                     "d"((long)protection), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return answer;
}

/* Starts a child that runs `run`, which does not return, on the stack that ends
 * at `top`. */
static inline long sys_clone(long flags, void *top, void (*run)(void)) {
  register long r10 __asm__("r10") = 0;
  register long r8 __asm__("r8") = 0;
  long answer;
  __asm__ volatile("syscall\n\t"
                   "test %0, %0\n\t"
                   "jnz 1f\n\t"
                   "xor %%ebp, %%ebp\n\t"
                   "call *%[run]\n"
                   "1:"
                   : "=a"(answer)
                   : "a"((long)__NR_clone), "D"(flags), "S"(top), "d"(0L),
                     "r"(r10), "r"(r8), [run] "b"(run)
                   : "rcx", "r11", "memory");
  return answer;
}

__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call keeper_start\n");
#elif defined(__aarch64__)
static inline long sys(long number, long a, long b, long c, long d, long e) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
                   : "memory");
  return x0;
}

static inline long sys_mmap(size_t bytes, int protection, int flags, int fd) {
  register long x8 __asm__("x8") = __NR_mmap;
  register long x0 __asm__("x0") = 0;
  register size_t x1 __asm__("x1") = bytes;
  register long x2 __asm__("x2") = protection;
  register long x3 __asm__("x3") = flags;
  register long x4 __asm__("x4") = fd;
  register long x5 __asm__("x5") = 0;
  __asm__ volatile("svc 0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory");
  return x0;
}

static inline long sys_clone(long flags, void *top, void (*run)(void)) {
  register long x8 __asm__("x8") = __NR_clone;
  register long x0 __asm__("x0") = flags;
  register long x1 __asm__("x1") = (long)top;
  register long x2 __asm__("x2") = 0;
  register long x3 __asm__("x3") = 0;
  register long x4 __asm__("x4") = 0;
  register long x9 __asm__("x9") = (long)run;
  __asm__ volatile("svc 0\n\t"
                   "cbnz x0, 1f\n\t"
                   "mov x29, xzr\n\t"
                   "blr x9\n"
                   "1:"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9)
                   : "memory");
  return x0;
}

__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, xzr\n"
        "  mov x30, xzr\n"
        "  mov x0, sp\n"
        "  bl keeper_start\n");
#else
#error "the keeper has no entry for this architecture"
#endif

#define SYS0(name) sys(__NR_##name, 0, 0, 0, 0, 0)
#define SYS1(name, a) sys(__NR_##name, (long)(a), 0, 0, 0, 0)
#define SYS2(name, a, b) sys(__NR_##name, (long)(a), (long)(b), 0, 0, 0)
#define SYS3(name, a, b, c) \
  sys(__NR_##name, (long)(a), (long)(b), (long)(c), 0, 0)
#define SYS4(name, a, b, c, d) \
  sys(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0)
#define SYS5(name, a, b, c, d, e) \
  sys(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

void *memset(void *into, int byte, size_t count);
void *memset(void *into, int byte, size_t count) {
  for (size_t i = 0; i < count; i++) ((volatile char *)into)[i] = (char)byte;
  return into;
}

void *memcpy(void *restrict into, const void *restrict from, size_t count);
void *memcpy(void *restrict into, const void *restrict from, size_t count) {
  for (size_t i = 0; i < count; i++)
    ((volatile char *)into)[i] = ((const char *)from)[i];
  return into;
}

static inline size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') length++;
  return length;
}

/* What follows `key` in `text`; NULL where it does not begin so. */
static inline const char *after(const char *text, const char *key) {
  while (*key != '\0')
    if (*text++ != *key++) return NULL;
  return text;
}

/* The whole number that `text` begins with, -1 for none. */
static inline int64_t number_in(const char *text) {
  int64_t number = -1;
  for (; *text >= '0' && *text <= '9' && number < INT64_MAX / 20; text++)
    number = (number < 0 ? 0 : number * 10) + (*text - '0');
  return number;
}

/* Writes a number and what parts it from the next; answers where it ends. */
static inline char *put_number(char *at, int64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (count > 0) *at++ = digits[--count];
  *at++ = ' ';
  return at;
}

/* ms of the running second; `seconds` are those before. */
static inline int64_t clock_ms(int which, int64_t *seconds) {
  struct clock now = {0, 0};
  SYS2(clock_gettime, which, &now);
  *seconds = now.s;
  return now.ns / 1000000;
}

/* Wraps as the guard's clock does. */
static inline int32_t now_ms(void) {
  int64_t s, ms = clock_ms(MONOTONIC, &s);
  return (int32_t)(uint32_t)(s * 1000 + ms);
}

/* ms since then; a clock that wraps is subtracted as one. */
static inline int32_t since(int32_t then_ms) {
  return (int32_t)((uint32_t)now_ms() - (uint32_t)then_ms);
}

/* Waits `ms` at most until the process behind a pidfd has ended; -1 never
 * does. */
static inline int is_over(int fd, int32_t ms) {
  struct pollfd one = {.fd = fd, .events = POLLIN};
  struct clock wait = {ms / 1000, ms % 1000 * 1000000};
  return SYS5(ppoll, &one, 1, &wait, 0, 0) > 0;
}

/* Opened, or handed down by its number; programs started do not get it. */
static inline int opened(const char *file, int flags) {
  if (*file < '0' || *file > '9')
    return (int)SYS4(openat, AT_FDCWD, file, flags | O_CLOEXEC, 0);
  int fd = (int)number_in(file);
  return SYS3(fcntl, fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
}

/* The file's first number behind `key`, -1 where there is none. */
static inline int64_t read_number(int fd, const char *key) {
  static char text[4096];
  if (fd < 0) return -1;
  long n = SYS4(pread64, fd, text, sizeof text - 1, 0);
  text[n > 0 ? n : 0] = '\0';
  for (const char *at = text; *at != '\0'; at++) {
    const char *value = after(at, key);
    if (value == NULL) continue;
    while (*value == ' ') value++;
    return number_in(value);
  }
  return -1;
}

#endif
