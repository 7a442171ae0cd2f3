// Names of errno values, for words: what Node's table would cost every start.

/** include/uapi/asm-generic/errno-base.h, from 1. */
const BASE = "EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD " +
  "EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY EEXIST EXDEV ENODEV ENOTDIR " +
  "EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS " +
  "EMLINK EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOLCK ENOSYS ENOTEMPTY " +
  "ELOOP";
const NAMES = BASE.split(" ");

/** Of include/uapi/asm-generic/errno.h, what the shim's calls can meet. */
const FURTHER = new Map([
  [61, "ENODATA"],
  [71, "EPROTO"],
  [74, "EBADMSG"],
  [75, "EOVERFLOW"],
  [88, "ENOTSOCK"],
  [90, "EMSGSIZE"],
  [91, "EPROTOTYPE"],
  [92, "ENOPROTOOPT"],
  [95, "EOPNOTSUPP"],
  [97, "EAFNOSUPPORT"],
  [98, "EADDRINUSE"],
  [99, "EADDRNOTAVAIL"],
  [104, "ECONNRESET"],
  [105, "ENOBUFS"],
  [107, "ENOTCONN"],
  [110, "ETIMEDOUT"],
  [111, "ECONNREFUSED"],
]);

/** "ENOENT" for 2 or -2; "errno 999" for what has no name here. */
export function errnoName(errno: number): string {
  const number = Math.abs(errno);
  return NAMES[number - 1] ?? FURTHER.get(number) ?? `errno ${number}`;
}
