/* The guard's own memory: locked so that nobody can take it away, a ballast of
 * pages to give away instead, and the few process attributes that go with it.
 * Mechanism only. V8 gives memory back by madvise(MADV_DONTNEED) and ends the
 * process where that is refused, as it is on locked memory: nothing here locks
 * what V8 owns before its calls were led past that. */
#include "internal.h"

#include <elf.h>
#include <link.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* include/uapi/asm-generic/mman-common.h; older headers lack them. */
#define POPULATE_WRITE 23    /* MADV_POPULATE_WRITE, 5.14 */
#define DONTNEED_LOCKED 24   /* MADV_DONTNEED_LOCKED, 5.18 */
#define JUMP_SLOTS_MAX 8
/* Pages that go back to the kernel without its allocating: it has room to note
 * MMU_GATHER_BUNDLE of them, and takes a page for more when the last is taken
 * (mm/mmu_gather.c, 6.1, __tlb_remove_page_size; seen by test/qemu/kmem.ts). */
#define PAGES_AT_ONCE 7
#define BALLAST_KB_MAX (1024 * 1024)
#define STACK_BYTES (128 * 1024)
/* A sacrifice that nobody kills ends by itself, s. */
#define SACRIFICE_S 5

#if defined(__x86_64__)
#define R_JUMP_SLOT R_X86_64_JUMP_SLOT
#define R_GLOB_DAT R_X86_64_GLOB_DAT
#elif defined(__aarch64__)
#define R_JUMP_SLOT R_AARCH64_JUMP_SLOT
#define R_GLOB_DAT R_AARCH64_GLOB_DAT
#endif

typedef int (*madvise_call)(void *, size_t, int);

/* Where the executable keeps the address of madvise, and what was there. */
static struct {
  _Atomic(madvise_call) *at;
  madvise_call had;
  int sealed; /* read-only since the program was loaded */
} jump_slots[JUMP_SLOTS_MAX];
static int jump_slot_count;
static int redirected;

static size_t page_bytes(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

/* What madvise is to V8 from then on. To give memory back is an offer, which
 * v8-platform.h lets a platform decline: it never fails. */
static int madvise_locked(void *start, size_t bytes, int advice) {
  if (advice != MADV_DONTNEED) return madvise(start, bytes, advice);
  int saved = errno;
  if (madvise(start, bytes, DONTNEED_LOCKED) != 0 && errno == EINVAL &&
      munlock(start, bytes) == 0) {
    madvise(start, bytes, MADV_DONTNEED);
    mlock2(start, bytes, MLOCK_ONFAULT);
  }
  errno = saved;
  return 0;
}

/* A table of the dynamic section; libc may have made its address absolute. */
static const void *table_at(ElfW(Addr) base, ElfW(Addr) address) {
  return (const void *)(address < base ? base + address : address);
}

static int is_sealed(const struct dl_phdr_info *program, ElfW(Addr) at) {
  for (int i = 0; i < program->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &program->dlpi_phdr[i];
    ElfW(Addr) start = program->dlpi_addr + header->p_vaddr;
    if (header->p_type == PT_GNU_RELRO && at >= start &&
        at < start + header->p_memsz)
      return 1;
  }
  return 0;
}

static void find_slots(const struct dl_phdr_info *program,
                       const ElfW(Rela) *rela, size_t bytes,
                       const ElfW(Sym) *symbols, const char *names) {
  for (size_t i = 0; i < bytes / sizeof *rela; i++) {
    uint32_t type = (uint32_t)ELF64_R_TYPE(rela[i].r_info);
    if (type != R_JUMP_SLOT && type != R_GLOB_DAT) continue;
    const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(rela[i].r_info)];
    if (strcmp(names + symbol->st_name, "madvise") != 0) continue;
    if (jump_slot_count == JUMP_SLOTS_MAX) return;
    ElfW(Addr) at = program->dlpi_addr + rela[i].r_offset;
    jump_slots[jump_slot_count].at = (void *)at;
    jump_slots[jump_slot_count].had = *(madvise_call *)at;
    jump_slots[jump_slot_count++].sealed = is_sealed(program, at);
  }
}

/* The first object of the list is the executable itself. */
static int find_in_program(struct dl_phdr_info *program, size_t size,
                           void *unused) {
  (void)size, (void)unused;
  const ElfW(Dyn) *entry = NULL;
  for (int i = 0; i < program->dlpi_phnum; i++)
    if (program->dlpi_phdr[i].p_type == PT_DYNAMIC)
      entry = (const void *)(program->dlpi_addr +
                             program->dlpi_phdr[i].p_vaddr);
  ElfW(Addr) jumps = 0, rela = 0, symbols = 0, names = 0;
  size_t jump_bytes = 0, rela_bytes = 0;
  for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_JMPREL) jumps = entry->d_un.d_ptr;
    if (entry->d_tag == DT_PLTRELSZ) jump_bytes = entry->d_un.d_val;
    if (entry->d_tag == DT_RELA) rela = entry->d_un.d_ptr;
    if (entry->d_tag == DT_RELASZ) rela_bytes = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) symbols = entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRTAB) names = entry->d_un.d_ptr;
  }
  if (symbols == 0 || names == 0) return 1;
  ElfW(Addr) base = program->dlpi_addr;
  const ElfW(Sym) *symbol_table = table_at(base, symbols);
  const char *name_table = table_at(base, names);
  if (jumps != 0)
    find_slots(program, table_at(base, jumps), jump_bytes, symbol_table,
               name_table);
  if (rela != 0)
    find_slots(program, table_at(base, rela), rela_bytes, symbol_table,
               name_table);
  return 1;
}

/* Lets every slot lead to `ours`, or where it led before when that is NULL. */
static int32_t lead_slots(madvise_call ours) {
  size_t page = page_bytes();
  for (int i = 0; i < jump_slot_count; i++) {
    void *start = (void *)((uintptr_t)jump_slots[i].at & ~(page - 1));
    if (mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return -errno;
    atomic_store(jump_slots[i].at, ours == NULL ? jump_slots[i].had : ours);
    if (jump_slots[i].sealed) mprotect(start, page, PROT_READ);
  }
  return 0;
}

/* Whether a locked page given back through each slot comes back zeroed. */
static int32_t verify_slots(void) {
  size_t bytes = page_bytes();
  volatile char *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return -errno;
  int32_t rc = result(mlock((void *)page, bytes));
  for (int i = 0; i < jump_slot_count && rc == 0; i++) {
    *page = 1;
    int answer = atomic_load(jump_slots[i].at)((void *)page, bytes,
                                               MADV_DONTNEED);
    if (answer != 0 || *page != 0) rc = -EIO;
  }
  munmap((void *)page, bytes);
  return rc;
}

/* Leads the executable's calls of madvise here. -ENOENT: it has no slot for
 * them; -EIO: through the slots a locked page is not given back, and they are
 * as they were. */
int32_t shim_redirect_madvise(void) {
  if (redirected) return 0;
  jump_slot_count = 0;
  dl_iterate_phdr(find_in_program, NULL);
  if (jump_slot_count == 0) return -ENOENT;
  int32_t rc = lead_slots(madvise_locked);
  if (rc == 0) rc = verify_slots();
  if (rc != 0) lead_slots(NULL);
  redirected = rc == 0;
  return rc;
}

/* Locks all that is mapped and all that will be, each page once it is touched:
 * without that, V8's reservations would be filled. */
int32_t shim_lock_all(void) {
  if (!redirected) return -EPERM;
  int32_t rc = result(mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
  if (rc == 0) return 0;
  redirected = 0;
  lead_slots(NULL);
  return rc;
}

/* Locks what is or will be touched of a range. */
int32_t shim_lock_range(uint64_t start, uint64_t bytes) {
  return result(mlock2((void *)start, bytes, MLOCK_ONFAULT));
}

int32_t shim_advise(uint64_t start, uint64_t bytes, int32_t advice) {
  return result(madvise((void *)start, bytes, advice));
}

/* Gives back what is resident of a clean mapping of a file, and cuts it into
 * pieces: the kernel maps no page around one that is touched beyond its mapping
 * (mm/memory.c, do_fault_around). MADV_DODUMP for all of it mends it. */
int32_t shim_cut(uint64_t start, uint64_t bytes, int32_t piece_bytes) {
  size_t piece = (size_t)piece_bytes;
  int32_t rc = shim_advise(start, bytes, MADV_DONTNEED);
  for (size_t at = 0; rc == 0 && at + piece <= bytes; at += 2 * piece)
    rc = shim_advise(start + at, piece, MADV_DONTDUMP);
  return rc;
}

/* Gives libc's free memory back. */
int32_t shim_trim_malloc(void) {
  return malloc_trim(0);
}

/* Gives back what the stack, which begins at `start`, has below what an
 * emergency may need: the start went deeper than any turn. */
int32_t shim_trim_stack(uint64_t start) {
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  uintptr_t end = (here - STACK_BYTES) & ~(page_bytes() - 1);
  if (start >= end || end > here) return 0;
  return result(madvise((void *)start, end - start, MADV_DONTNEED));
}

/* Touches the stack below, as deep as an emergency may go. */
__attribute__((noinline)) int32_t shim_populate_stack(void) {
  volatile char room[STACK_BYTES];
  size_t page = page_bytes();
  for (size_t at = 0; at < sizeof room; at += page) room[at] = 0;
  return STACK_BYTES / 1024;
}

/* prctl(2) with one argument. */
int32_t shim_prctl(int32_t option, int32_t value) {
  return result(prctl(option, (unsigned long)value, 0UL, 0UL, 0UL));
}

/* A child that waits to be killed, for the rehearsal. It must be made before
 * memory is locked: after a fork every page is copied when it is written. */
int32_t shim_sacrifice(void) {
  pid_t pid = fork();
  if (pid != 0) return result(pid);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
  signal(SIGALRM, SIG_DFL);
  alarm(SACRIFICE_S);
  for (;;) pause();
}

static char *ballast;
static size_t ballast_bytes;
static atomic_int ballast_kb; /* held now */
static int give_advice = DONTNEED_LOCKED;

/* Pages between two that are never touched: neither locking nor unlocking them
 * joins them with a neighbour, which would allocate. */
static int32_t ballast_map(size_t bytes) {
  size_t page = page_bytes();
  if (ballast != NULL) munmap(ballast - page, ballast_bytes + 2 * page);
  ballast = NULL;
  ballast_bytes = 0;
  if (bytes == 0) return 0;
  char *map = mmap(NULL, bytes + 2 * page, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) return -errno;
  if (mprotect(map + page, bytes, PROT_READ | PROT_WRITE) != 0) {
    int error = errno;
    munmap(map, bytes + 2 * page);
    return -error;
  }
  ballast = map + page;
  ballast_bytes = bytes;
  madvise(ballast, bytes, MADV_NOHUGEPAGE);
  return 0;
}

/* Holds MB_COUNT kB of populated pages; answers how many are held. */
int32_t shim_ballast_fill(void) {
  int32_t kb = mailbox[MB_COUNT];
  if (kb < 0 || kb > BALLAST_KB_MAX) return -EINVAL;
  size_t page = page_bytes();
  size_t bytes = ((size_t)kb * 1024 + page - 1) & ~(page - 1);
  if (bytes != ballast_bytes) {
    atomic_store(&ballast_kb, 0);
    int32_t rc = ballast_map(bytes);
    if (rc != 0) return rc;
  }
  if (bytes == 0) return 0;
  mlock2(ballast, bytes, MLOCK_ONFAULT); /* refused: it may be swapped */
  atomic_store(&ballast_kb, (int32_t)(bytes / 1024));
  if (madvise(ballast, bytes, POPULATE_WRITE) != 0) {
    int error = errno;
    if (error != EINVAL) {
      shim_ballast_release(); /* what came before it failed */
      return -error;
    }
    for (size_t at = 0; at < bytes; at += page)
      ((volatile char *)ballast)[at] = 0;
  }
  return (int32_t)(bytes / 1024);
}

/* Gives it back; answers how many kB, 0 when it was given back before. */
int32_t shim_ballast_release(void) {
  int32_t kb = atomic_exchange(&ballast_kb, 0);
  if (kb == 0) return 0;
  size_t step = PAGES_AT_ONCE * page_bytes();
  for (size_t at = 0; at < ballast_bytes; at += step) {
    size_t bytes = ballast_bytes - at < step ? ballast_bytes - at : step;
    if (madvise(ballast + at, bytes, give_advice) == 0) continue;
    give_advice = MADV_DONTNEED;
    munlock(ballast, ballast_bytes);
    madvise(ballast + at, bytes, give_advice);
  }
  return kb;
}
