// What the kinds of processes share (roles.c, pages.c, grow.c).
#ifndef OOMGUARD_ROLES_H
#define OOMGUARD_ROLES_H

#include "load.h"

enum { PAGE_BYTES = PAGE_KB * 1024 };

extern int64_t framework_pages;
void map_framework(void);
void read_framework(int64_t from_page, int64_t pages);

void fill_noise(uint64_t seed);
void fill_page(unsigned char *page, int64_t index);
unsigned char *reserve(int64_t size_kb);
void touch(unsigned char *base, int64_t from_page, int64_t to_page);

// For ever.
void run_cached(unsigned char *base, int64_t pages);
void run_busy(unsigned char *base, int64_t pages);

void wait_for_go(const struct role *role, struct shared *shared);
// For ever, where the role is of that kind; else it returns.
void run_growing(const struct role *role, struct cell *cell,
                 struct shared *shared, unsigned char *base);

#endif
