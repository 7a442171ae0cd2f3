// What scenes and trials share: the machine, the processes on it, and the time
// that passes while everything that happens is written down (stage.c).
#ifndef OOMGUARD_STAGE_H
#define OOMGUARD_STAGE_H

#include "scene.h"

extern struct scene scene;
extern struct guard guard, client;
extern struct shared *shared;
extern int socket_fd; // the guard's control socket; -1: none

void stage_open(const char *out_path);
void stage_await_guard(void);
void stage_await_settled(void);
void stage_start(int slot);
int stage_has_reached(int slot, int reached);
void stage_await(int slot, int reached);
int stage_run(int64_t limit_us, int (*is_over)(void));

void arena_open(int pid);
int32_t arena_word(int which);

// What is done to the guard at the worst moment (strike.c). 1: still to come.
int strike_pending(void);
void strike_look(void);
void strike_mend(void);
int strike_is_mended(void);

// A guard for whose threads the kernel can allocate nothing (starve.c).
void starve_begin(void);
void starve_tell(void);
void starve_end(void);

// The kernel's record of what the guard's threads allocate (trace.c).
void trace_begin(void);
void trace_end(void);

#endif
