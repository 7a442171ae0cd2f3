/* Counts the C heap allocations of one thread. Preloaded before libc
 * (LD_PRELOAD), it passes every call on to glibc and counts those made by the
 * thread that called count_reset last. It allocates nothing itself.
 *
 * count_reset and count_read take no parameters, so that calling them through
 * FFI allocates nothing either. Opening this library by its path from a process
 * it was preloaded into gives the same copy. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

/* initial-exec: the first touch of other TLS models allocates. */
static __thread int32_t counting __attribute__((tls_model("initial-exec")));
static volatile int32_t calls;

static void count(void) {
  if (counting) calls++;
}

/* Starts counting at 0, for the calling thread only; answers 0. */
int32_t count_reset(void) {
  counting = 1;
  calls = 0;
  return 0;
}

/* Stops counting; answers the calls since count_reset. */
int32_t count_read(void) {
  counting = 0;
  return calls;
}

void *malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
  count();
  return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

void *reallocarray(void *old, size_t n, size_t size) {
  size_t bytes;
  count();
  if (__builtin_mul_overflow(n, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return __libc_realloc(old, bytes);
}

void *memalign(size_t align, size_t size) {
  count();
  return __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size) {
  count();
  return __libc_memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size) {
  void *got;
  count();
  if (align % sizeof(void *) != 0 || (align & (align - 1)) != 0) return EINVAL;
  got = __libc_memalign(align, size);
  if (got == NULL) return ENOMEM;
  *out = got;
  return 0;
}
