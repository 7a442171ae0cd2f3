// Events out: JSON lines through a ring of fixed size to a serial port, whose
// driver allocates nothing for a write. A full ring drops the line and counts.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "load.h"

enum { RING_BYTES = 1 << 22, LINE_BYTES = 4096, FINISH_MS = 20000 };

static char ring[RING_BYTES];
static size_t head, tail; // bytes ever written, bytes ever drained
static int out_fd = -1;
static long dropped;

void out_open(const char *path) {
  out_fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (out_fd < 0)
    die(path);
  struct termios raw;
  if (tcgetattr(out_fd, &raw) == 0) {
    cfmakeraw(&raw);
    cfsetspeed(&raw, B115200);
    tcsetattr(out_fd, TCSANOW, &raw);
  }
  memset(ring, 0, sizeof ring);
}

static void push(const char *line, size_t bytes) {
  if (bytes > RING_BYTES - (head - tail)) {
    dropped++;
    return;
  }
  for (size_t i = 0; i < bytes; i++)
    ring[(head + i) % RING_BYTES] = line[i];
  head += bytes;
}

void out_line(const char *format, ...) {
  static char line[LINE_BYTES];
  va_list args;
  va_start(args, format);
  const int bytes = vsnprintf(line, sizeof line - 1, format, args);
  va_end(args);
  if (bytes < 0 || bytes >= (int)sizeof line - 1) {
    dropped++;
    return;
  }
  line[bytes] = '\n';
  push(line, (size_t)bytes + 1);
}

// Text of others: cut at 1 kB, and whatever is not plain ASCII becomes '?'.
void out_text(const char *event, const char *text, size_t bytes) {
  static char safe[2 * 1024 + 1];
  size_t at = 0;
  for (size_t i = 0; i < bytes && i < 1024; i++) {
    const char c = text[i];
    if (c == '"' || c == '\\')
      safe[at++] = '\\';
    safe[at++] = c == '\t' ? ' ' : c < 32 || c > 126 ? '?' : c;
  }
  safe[at] = 0;
  out_line("{\"e\":\"%s\",\"t\":%ld,\"line\":\"%s\"}", event, (long)now_us(),
           safe);
}

void out_drain(void) {
  while (tail < head) {
    const size_t from = tail % RING_BYTES;
    size_t bytes = head - tail;
    if (bytes > RING_BYTES - from)
      bytes = RING_BYTES - from;
    const ssize_t written = write(out_fd, ring + from, bytes);
    if (written <= 0)
      return;
    tail += (size_t)written;
  }
}

// Waits until half of the ring is free: for what is told when all is over.
void out_make_room(void) {
  while (head - tail > RING_BYTES / 2) {
    out_drain();
    struct pollfd pollfd = {.fd = out_fd, .events = POLLOUT};
    poll(&pollfd, 1, 10);
  }
}

void out_finish(void) {
  out_line("{\"e\":\"done\",\"t\":%ld,\"dropped\":%ld}", (long)now_us(),
           dropped);
  const int64_t until_us = now_us() + FINISH_MS * 1000;
  while (tail < head && now_us() < until_us) {
    out_drain();
    struct pollfd pollfd = {.fd = out_fd, .events = POLLOUT};
    poll(&pollfd, 1, 10);
  }
  tcdrain(out_fd);
}
