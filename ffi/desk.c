/* The desk's calls and the cold ones: they open, close and list, so they run
 * at start, at a reload, or between turns, never while a victim's death is
 * awaited. Every call answers >= 0 or -errno. */
#include "internal.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/un.h>

#define NR_PIDFD_OPEN 434
#define DENTS_BYTES 8192
#define ASK_BYTES_MAX 64

static int scan_fd = -1;
static int scan_is_proc;
/* Somewhere in a line, whose rest would read as another pid. */
static int scan_is_lost;
static char dents[DENTS_BYTES] __attribute__((aligned(16)));
static char memcg_root[64];

int32_t shim_open(const char *path, int32_t flags, int32_t mode) {
  return result(open(path, flags | O_CLOEXEC, (mode_t)mode));
}

/* glibc's own fstat and lstat are no symbols before 2.33; on both machines its
 * struct is the kernel's. */
static int look(int at, const char *path, int flags, struct stat *is) {
  return (int)syscall(SYS_newfstatat, at, path, is, flags);
}

/* A file of the state folder, made where there is none: regular, with one name,
 * ours or root's, and at most as open as `mode`. */
int32_t shim_open_kept(const char *path, int32_t mode) {
  struct stat is;
  int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                (mode_t)mode);
  if (fd < 0) return -errno;
  int ours = look(fd, "", AT_EMPTY_PATH, &is) == 0 && S_ISREG(is.st_mode) &&
             is.st_nlink == 1 && (is.st_uid == 0 || is.st_uid == geteuid());
  if (ours) fchmod(fd, is.st_mode & (mode_t)mode);
  errno = EPERM;
  return kept(fd, ours);
}

int32_t shim_shut(int32_t fd) {
  return result(close(fd));
}

int32_t shim_watch(int32_t fd, int32_t events, int32_t tag) {
  return result(watch(fd, (uint32_t)events, tag, 0));
}

/* Registers a PSI trigger; the NUL belongs to what the kernel wants. Edge
 * triggered: a removed group says so once, not for ever. */
int32_t shim_trigger(const char *path, const char *text, int32_t tag) {
  int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  return kept(fd, write(fd, text, strlen(text) + 1) >= 0 &&
                      watch(fd, EPOLLPRI | EPOLLET, tag, 0) == 0);
}

/* Lets a memory group of version 1 raise an event at a level of pressure. Edge
 * triggered: each time it is raised is an event, and nobody need lower it. */
int32_t shim_vmpressure(int32_t control, int32_t level, const char *name,
                        int32_t tag) {
  char text[48];
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return -errno;
  int length = snprintf(text, sizeof text, "%d %d %.15s", fd, level, name);
  return kept(fd, write(control, text, (size_t)length + 1) >= 0 &&
                      watch(fd, EPOLLIN | EPOLLET, tag, 0) == 0);
}

/* Where apps have memory groups of their own; "" is nowhere. */
int32_t shim_memcg_root(const char *path) {
  size_t length = strlen(path);
  if (length >= sizeof memcg_root) return -ENAMETOOLONG;
  memcpy(memcg_root, path, length + 1);
  return 0;
}

union address {
  struct sockaddr any;
  struct sockaddr_un un;
};

static int32_t address_of(const char *path, union address *address) {
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof address->un.sun_path)
    return -ENAMETOOLONG;
  memset(address, 0, sizeof *address);
  address->un.sun_family = AF_UNIX;
  memcpy(address->un.sun_path, path, length);
  if (path[0] != '@') return (int32_t)sizeof address->un;
  address->un.sun_path[0] = '\0';
  return (int32_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* A listening SEQPACKET socket at `path`. Only what refuses a connection is
 * left over; any other answer is of a live server, and bind reports it. */
int32_t shim_listen(const char *path, int32_t mode, int32_t uid, int32_t gid) {
  union address address;
  struct stat old;
  int32_t length = address_of(path, &address);
  if (length < 0) return length;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  if (connect(fd, &address.any, (socklen_t)length) != 0 &&
      errno == ECONNREFUSED &&
      look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &old) == 0 &&
      S_ISSOCK(old.st_mode))
    unlink(path);
  int on = 1;
  return kept(
      fd, setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
              bind(fd, &address.any, (socklen_t)length) == 0 &&
              chmod(path, (mode_t)mode) == 0 &&
              chown(path, (uid_t)uid, (gid_t)gid) == 0 && listen(fd, 8) == 0);
}

/* Takes over a listening socket that init or systemd made. */
int32_t shim_listen_inherited(int32_t fd) {
  int type = 0, on = 1;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return -errno;
  if (type != SOCK_SEQPACKET) return -EPROTOTYPE;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
      fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
      listen(fd, 8) != 0)
    return -errno;
  return fd;
}

int32_t shim_scan_from(int32_t fd, int32_t is_proc) {
  scan_is_proc = is_proc;
  return scan_fd = fd;
}

/* Gives a file its whole size and its blocks, so that later writes need
 * neither. A file system without fallocate keeps the size. */
int32_t shim_reserve(int32_t fd, int32_t bytes) {
  if (ftruncate(fd, bytes) != 0) return -errno;
  if (bytes > 0 && fallocate(fd, 0, 0, bytes) != 0 && errno != EOPNOTSUPP)
    return -errno;
  return 0;
}

/* Whether the kernel would map `bytes` more; it keeps none of them. */
int32_t shim_spare(int32_t bytes) {
  void *map = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return map == MAP_FAILED ? -errno : result(munmap(map, (size_t)bytes));
}

int32_t shim_lock_file(int32_t fd) {
  return result(flock(fd, LOCK_EX | LOCK_NB));
}

/* Writes without waiting: a reader that stopped reading costs the text, not
 * the guard. A pipe that polls writable takes PIPE_BUF bytes at once; what is
 * O_NONBLOCK is not asked, as /dev/kmsg never polls writable. */
int32_t shim_write(int32_t fd, const char *bytes, int32_t count) {
  int32_t done = 0, most = count > 4096 ? 4096 : count;
  int asks = !(fcntl(fd, F_GETFL) & O_NONBLOCK);
  do {
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (asks && (poll(&ready, 1, 0) < 1 || !(ready.revents & POLLOUT)))
      return done > 0 ? done : -EAGAIN;
    ssize_t n = write(fd, bytes + done, (size_t)(most - done));
    if (n < 0) return done > 0 ? done : -errno;
    if (n == 0) break;
    done += (int32_t)n;
  } while (done < most);
  return done;
}

/* A socket connected to `path`; no step of it waits longer than told. */
static int32_t connected(const char *path, int type, int32_t timeout_ms) {
  union address address;
  struct timeval max = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
  int32_t length = address_of(path, &address);
  if (length < 0) return length;
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  return kept(
      fd, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &max, sizeof max) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &max, sizeof max) == 0 &&
              connect(fd, &address.any, (socklen_t)length) == 0);
}

/* One datagram to a Unix socket (sd_notify, logd), never waiting. */
int32_t shim_datagram(const char *path, const char *bytes, int32_t count) {
  int32_t fd = connected(path, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return fd;
  int32_t answer = result(send(fd, bytes, (size_t)count, MSG_NOSIGNAL));
  close(fd);
  return answer;
}

/* One packet to a listening SEQPACKET socket, and one back of up to
 * ASK_BYTES_MAX; 0: it hung up. */
int32_t shim_ask(const char *path, char *bytes, int32_t count,
                 int32_t timeout_ms) {
  if (count < 1 || count > ASK_BYTES_MAX || timeout_ms < 1) return -EINVAL;
  int32_t fd = connected(path, SOCK_SEQPACKET, timeout_ms);
  if (fd < 0) return fd == -EAGAIN ? -ETIMEDOUT : fd;
  ssize_t n = send(fd, bytes, (size_t)count, MSG_NOSIGNAL);
  if (n >= 0) do n = recv(fd, bytes, ASK_BYTES_MAX, 0);
    while (n < 0 && errno == EINTR);
  int32_t answer = n < 0 && errno == EAGAIN ? -ETIMEDOUT : result(n);
  close(fd);
  return answer;
}

int32_t shim_accept(void) {
  int fd = accept4(mailbox[MB_FD], NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  int on = 1;
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  return kept(
      fd, watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET, mailbox[MB_TAG], 0) == 0);
}

/* Opens a file of a process; it stays that process's whatever the pid becomes. */
int open_of(int32_t pid, const char *name, int flags) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return open(path, flags | O_CLOEXEC);
}

static int32_t read_adj_of(int32_t pid, int32_t *adj) {
  char text[16] = {0};
  int fd = open_of(pid, "oom_score_adj", O_RDONLY);
  if (fd < 0) return -errno;
  /* To its end of line: a number cut short is another number. */
  int32_t rc = 0, filled = 0;
  while (filled < (int32_t)sizeof text - 1 && memchr(text, '\n', 15) == NULL) {
    rc = result(read_at(fd, text + filled, 15 - filled, filled));
    if (rc <= 0) break;
    filled += rc;
  }
  close(fd);
  if (rc == 0) return -EIO;
  if (rc > 0) *adj = atoi(text);
  return rc < 0 ? rc : 0;
}

int32_t shim_adopt(void) {
  int32_t pid = mailbox[MB_PID];
  int pidfd = (int)syscall(NR_PIDFD_OPEN, pid, 0U);
  if (pidfd < 0) return -errno;
  int status = open_of(pid, "status", O_RDONLY);
  int32_t rc = status < 0 ? -errno : 0;
  if (rc == 0) {
    rc = read_whole(status, arena + AT_SAMPLES, SAMPLE_BYTES, SAMPLE_BYTES_MIN);
    words_at(AT_SAMPLE_LENGTHS)[0] = rc;
    if (rc > 0) rc = 0;
  }
  if (rc == 0) rc = read_adj_of(pid, &mailbox[MB_ADJ]);
  /* Alive through the pidfd after the opens: they were all of this process. */
  if (rc == 0) rc = signal_through(pidfd, 0);
  if (rc == 0 && watch(pidfd, EPOLLIN | EPOLLET, mailbox[MB_TAG], pid) != 0)
    rc = -errno;
  if (rc != 0) {
    if (status >= 0) close(status);
    close(pidfd);
    return rc;
  }
  mailbox[MB_STATUS_FD] = status;
  return pidfd;
}

/* An opened file of MB_PID, if that is the process behind pidfd MB_FD: it was
 * alive after the open. Without a pidfd there is nothing to hold it against. */
static int32_t verified(int fd) {
  if (fd < 0) return -errno;
  return kept(fd,
              mailbox[MB_FD] < 0 || signal_through(mailbox[MB_FD], 0) == 0);
}

/* A file of the memory group that MB_PID has to itself. */
static int open_of_group(const char *name, int flags) {
  char path[sizeof memcg_root + 80];
  errno = ENODEV;
  if (memcg_root[0] == '\0') return -1;
  snprintf(path, sizeof path, "%s/apps/uid_%u/pid_%d/%s", memcg_root,
           (unsigned)mailbox[MB_UID], mailbox[MB_PID], name);
  return open(path, flags | O_CLOEXEC);
}

int32_t shim_open_status(void) {
  if (mailbox[MB_FD] < 0) return -EBADF;
  return verified(open_of(mailbox[MB_PID], "status", O_RDONLY));
}

int32_t shim_open_stat(void) {
  if (mailbox[MB_FD] < 0) return -EBADF;
  int fd = open_of_group("memory.stat", O_RDONLY);
  mailbox[MB_COUNT] = fd >= 0;
  return verified(fd >= 0 ? fd : open_of(mailbox[MB_PID], "stat", O_RDONLY));
}

static int32_t write_number(int opened, long long number) {
  int32_t fd = verified(opened);
  if (fd < 0) return fd;
  char text[24]; /* dprintf would allocate */
  int length = snprintf(text, sizeof text, "%lld", number);
  ssize_t n = write(fd, text, (size_t)length);
  /* The kernel takes a number at once; of a part of it, it made another. */
  int32_t rc = n < 0 ? -errno : n < length ? -EINTR : 0;
  close(fd);
  return rc < 0 ? rc : 0;
}

int32_t shim_soft_limit(void) {
  return write_number(open_of_group("memory.soft_limit_in_bytes", O_WRONLY),
                    mailbox[MB_COUNT] * 1048576LL);
}

int32_t shim_read_adj(void) {
  int32_t rc = read_adj_of(mailbox[MB_PID], &mailbox[MB_ADJ]);
  return rc < 0 ? rc : signal_through(mailbox[MB_FD], 0);
}

/* When MB_PID started, in ticks since boot, into MB_COUNT: field 22 of its stat
 * file; its name, in parentheses, may hold anything. */
int32_t shim_read_start(void) {
  char text[512];
  int32_t fd = verified(open_of(mailbox[MB_PID], "stat", O_RDONLY));
  if (fd < 0) return fd;
  ssize_t n = read(fd, text, sizeof text - 1);
  int32_t rc = result(n);
  close(fd);
  if (n <= 0) return rc < 0 ? rc : -EIO;
  text[n] = '\0';
  const char *at = strrchr(text, ')');
  for (int field = 2; at != NULL && field < 22; field++)
    at = strchr(at + 1, ' ');
  if (at == NULL) return -EIO;
  mailbox[MB_COUNT] = (int32_t)(uint32_t)strtoull(at, NULL, 10);
  return 0;
}

int32_t shim_write_adj(void) {
  return write_number(open_of(mailbox[MB_PID], "oom_score_adj", O_WRONLY),
                    mailbox[MB_ADJ]);
}

/* Numeric names of one getdents64 batch of /proc. */
static int32_t scan_proc(int32_t *pids) {
  long n = syscall(SYS_getdents64, scan_fd, dents, 24 * SCAN_PIDS_MAX);
  int32_t count = 0;
  for (long at = 0; at < n;) {
    unsigned short length;
    memcpy(&length, dents + at + 16, sizeof length);
    const char *name = dents + at + 19;
    uint32_t pid = 0;
    while (*name >= '0' && *name <= '9')
      pid = pid * 10 + (uint32_t)(*name++ - '0');
    if (*name == '\0' && count < SCAN_PIDS_MAX) pids[count++] = (int32_t)pid;
    at += length;
  }
  mailbox[MB_COUNT] = count;
  return n < 0 ? -errno : (int32_t)(n > 0);
}

/* Lines of one block of a cgroup.procs; a line cut by its end is read again. */
static int32_t scan_group(int32_t *pids) {
  ssize_t n = 0, whole = 0;
  while (whole == 0) { /* A read cut short may end in the first line. */
    ssize_t most = 2 * SCAN_PIDS_MAX - n; /* the shortest lines */
    ssize_t more = read(scan_fd, dents + n, (size_t)most);
    if (more < 0) scan_is_lost = n > 0;
    if (more <= 0) return result(more);
    n += more;
    whole = n;
    while (whole > 0 && dents[whole - 1] != '\n') whole--;
  }
  if (whole < n) scan_is_lost = lseek(scan_fd, whole - n, SEEK_CUR) < 0;
  int32_t count = 0;
  uint32_t pid = 0;
  for (ssize_t i = 0; i < whole && count < SCAN_PIDS_MAX; i++) {
    if (dents[i] == '\n') pids[count++] = (int32_t)pid;
    pid = dents[i] == '\n' ? 0 : pid * 10 + (uint32_t)(dents[i] - '0');
  }
  mailbox[MB_COUNT] = count;
  return 1;
}

/* The next pass begins anew. A v1 cgroup.procs that stays open answers the list
 * of before for as long as it is read oftener than once a second
 * (kernel/cgroup/cgroup-v1.c, cgroup_pidlist_start): it is opened again. */
static void rewind_scan(void) {
  char path[32];
  scan_is_lost = lseek(scan_fd, 0, SEEK_SET) < 0;
  if (scan_is_proc || scan_is_lost) return;
  snprintf(path, sizeof path, "/proc/self/fd/%d", scan_fd);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  dup3(fd, scan_fd, O_CLOEXEC);
  close(fd);
}

int32_t shim_scan(void) {
  mailbox[MB_COUNT] = 0;
  if (scan_fd < 0) return -EBADF;
  if (scan_is_lost) {
    if (lseek(scan_fd, 0, SEEK_SET) < 0) return -errno;
    scan_is_lost = 0;
  }
  int32_t *pids = words_at(AT_SCAN);
  int32_t rc = scan_is_proc ? scan_proc(pids) : scan_group(pids);
  if (rc == 0) rewind_scan();
  return rc;
}
