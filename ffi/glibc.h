/* The shim runs on any glibc since 2.27, whichever it was built on: what moved
 * from libpthread to libc got a new version there (2.32, 2.34), and linking
 * takes the newest. The old ones are still in every glibc. Included by the build
 * in front of each unit (src/pack/toolchain.ts). */
#ifndef OOMGUARD_GLIBC_H
#define OOMGUARD_GLIBC_H

/* Each machine's first version, which all but one of them have. */
#if defined(__x86_64__)
#define FIRST "GLIBC_2.2.5"
#define PROTOCOL "GLIBC_2.4"
#elif defined(__aarch64__)
#define FIRST "GLIBC_2.17"
#define PROTOCOL "GLIBC_2.17"
#endif
#define OLD(name, version) __asm__(".symver " #name "," #name "@" version)

OLD(pthread_attr_setstack, FIRST);
OLD(pthread_attr_setstacksize, FIRST);
OLD(pthread_create, FIRST);
OLD(pthread_mutex_trylock, FIRST);
OLD(pthread_mutexattr_init, FIRST);
OLD(pthread_mutexattr_setprotocol, PROTOCOL);
OLD(pthread_sigmask, FIRST);
OLD(sem_init, FIRST);
OLD(sem_post, FIRST);
OLD(sem_wait, FIRST);

#undef OLD
#undef PROTOCOL
#undef FIRST

#endif
