/* Which pages of the executable's text are really run: while it is watched, no
 * page of it may be touched but those that were, one fault for each. So what is
 * not run is not resident either; else the kernel would map 64 kB around each
 * page that is (mm/memory.c, do_fault_around, which never leaves a mapping).
 * Nothing is lost: text is clean, and comes back from its file. Data must not be
 * watched so: the kernel would answer EFAULT for it. */
#include "internal.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

/* 64 MB of 4 kB pages, a bit for each. The text of Deno 2.9.5 has 63 MB. */
#define PAGES_MAX 16384
#define RUN (PROT_READ | PROT_EXEC)

static uintptr_t text_start;
static size_t text_bytes;
static size_t page_size;
static atomic_int watching;
static atomic_int failure; /* why a page could not be opened, 0 for none */
static _Atomic(uint64_t) ran[PAGES_MAX / 64];
static struct sigaction had;

static int32_t protect(uintptr_t start, size_t bytes, int access) {
  return result(mprotect((void *)start, bytes, access));
}

/* Opens the page that was touched; from any thread, in shim and libc alone,
 * which are outside of what is watched. Where that is refused, all of it: that
 * makes one mapping of many, and takes no memory. */
static int open_page(uintptr_t at) {
  size_t index = (at - text_start) / page_size;
  atomic_fetch_or(&ran[index / 64], 1ULL << index % 64);
  int32_t rc = protect(at - at % page_size, page_size, RUN);
  if (rc == 0) return 1;
  atomic_store(&failure, -rc);
  return protect(text_start, text_bytes, RUN) == 0;
}

/* Stays in place after the watch: a thread may have faulted right before its
 * end. What is not the watch's goes to who had the signal before: a fault comes
 * again upon return, and what somebody sent is raised again. */
static void on_fault(int number, siginfo_t *info, void *unused) {
  (void)unused;
  int saved = errno;
  uintptr_t at = (uintptr_t)info->si_addr;
  int ours = info->si_code == SEGV_ACCERR && atomic_load(&watching) &&
             at - text_start < text_bytes && open_page(at);
  if (!ours) {
    sigaction(number, &had, NULL);
    if (info->si_code <= 0) raise(number);
  }
  errno = saved;
}

/* Whether a mapping of the program may be closed and opened again: a security
 * module can refuse it, and then there would be no way back. */
static int32_t try_page(void) {
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  void *page = mmap(NULL, page_size, RUN, MAP_PRIVATE, fd, 0);
  int error = errno;
  close(fd);
  if (page == MAP_FAILED) return -error;
  int32_t rc = protect((uintptr_t)page, page_size, PROT_NONE);
  if (rc == 0) rc = protect((uintptr_t)page, page_size, RUN);
  munmap(page, page_size);
  return rc;
}

/* Watches a mapping of the executable's text, once. -E2BIG: it is larger than
 * what can be noted; -EALREADY: a watch was before. */
int32_t shim_hot_begin(uint64_t start, uint64_t bytes) {
  page_size = (size_t)sysconf(_SC_PAGESIZE);
  if (bytes / page_size > PAGES_MAX) return -E2BIG;
  if (bytes == 0 || (start | bytes) % page_size != 0) return -EINVAL;
  int32_t rc = text_bytes != 0 ? -EALREADY : try_page();
  if (rc != 0) return rc;
  struct sigaction action = {.sa_sigaction = on_fault,
                             .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
  text_start = start;
  text_bytes = bytes;
  if (sigaction(SIGSEGV, &action, &had) != 0) return -errno;
  atomic_store(&watching, 1);
  rc = protect(text_start, text_bytes, PROT_NONE);
  if (rc == 0)
    rc = result(madvise((void *)text_start, text_bytes, MADV_DONTNEED));
  if (rc != 0) shim_hot_end();
  return rc;
}

/* Ends it: all of the text may be touched again, as before. Answers how many
 * pages were; -errno where that is not known. */
int32_t shim_hot_end(void) {
  if (!atomic_load(&watching)) return -EINVAL;
  int32_t rc = protect(text_start, text_bytes, RUN);
  atomic_store(&watching, 0);
  if (rc == 0) rc = -atomic_load(&failure);
  if (rc != 0) return rc;
  for (size_t i = 0; i < PAGES_MAX / 64; i++)
    rc += __builtin_popcountll(atomic_load(&ran[i]));
  return rc;
}
