// The reading of strace's log that the test of the real file rests on: planted
// calls, of which each must be seen.

import assert from "node:assert/strict";
import { callsOutside } from "./traced.ts";

const PLACES = ["/run/here", "/proc/self", "/dev/null"];

function row(line: string, isOutside: boolean): void {
  Deno.test(`traced: ${line}`, () => {
    const want = isOutside ? [line] : [];
    assert.deepEqual(callsOutside(line, PLACES), want);
    const amid = `12 access("/a", F_OK) = 0\n${line}\n12 +++ exited with 0 +++`;
    assert.deepEqual(callsOutside(amid, PLACES), want);
  });
}

const inside = (line: string) => row(line, false);
const outside = (line: string) => row(line, true);

inside("");
inside('1 execve("/x", ["/x", "a"...], 0x7 /* 0 vars */) = 0');
inside('1 openat(AT_FDCWD</tmp>, "/etc/x", O_RDONLY|O_CLOEXEC) = 3</etc/x>');
inside('open("/O_CREAT", O_RDONLY) = -1 ENOENT (No such file or directory)');
inside('1 openat(AT_FDCWD</tmp>, "/dev/null", O_RDWR) = 3</dev/null>');
inside('1 openat(7</run/here>, "a", O_WRONLY|O_CREAT, 0644 <unfinished ...>');
inside('1 mkdir("/proc/self/exe/none", 0777) = -1 ENOTDIR (Not a directory)');
inside('1 rename("/run/here/a", "/run/here/b") = 0');
inside("1 <... mkdir resumed>) = -1 ENOTDIR (Not a directory)");
inside("1 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---");
inside("1 socket(AF_UNIX, SOCK_SEQPACKET, 0) = 33<socket:[286]>");
inside('1 bind(3<s>, {sa_family=AF_UNIX, sun_path="/run/here/s"}, 110) = 0');
inside("1 socketpair(AF_UNIX, SOCK_STREAM, 0, [6<s:[1]>, 7<s:[2]>]) = 0");
inside('1 openat(AT_FDCWD</tmp>, "/a", O_RDONLY) = 3</O_RDWR>');
inside('1 getcwd("/home", 4096) = 6');

outside('1 openat(AT_FDCWD</tmp>, "/etc/x", O_WRONLY|O_CLOEXEC) = 3</etc/x>');
outside('1 openat(AT_FDCWD</tmp>, "/etc/x", O_RDWR) = -1 EROFS (Read-only)');
outside('1 openat(AT_FDCWD</tmp>, "x", O_RDONLY|O_CREAT, 0644) = 3</tmp/x>');
outside('1 openat(7</tmp>, "run/here", O_RDWR <unfinished ...>');
outside('1 openat(AT_FDCWD</tmp>, "/tmp", O_RDWR|O_TMPFILE, 0600) = 3');
outside('1 open("/var/x", O_RDWR|O_CREAT, 0644) = 3</run/here/x>');
outside('1 open("/x", O_RDONLY|O_TRUNC) = 3</x>');
outside('creat("/x", 0644) = -1 EACCES (Permission denied)');
outside('1 mkdir("/run/hereafter", 0777) = 0');
outside('1 mkdir("/run/here/../there", 0777) = 0');
outside('1 mkdir("run/here", 0777) = 0');
outside('1 rename("/run/here/a", "/run/b") = 0');
outside('1 rename("/run/b", "/run/here/a") = 0');
outside('1 unlink("/x") = -1 ENOENT (No such file or directory)');
outside('1 chmod("/x", 0644) = 0');
outside('1 mount("none", "/run/here", "tmpfs", 0, NULL) = 0');
outside("1 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3<UDP:[1]>");
outside("1 socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) = -1 EAFNOSUPPORT");
outside("1 socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) = 3<NETLINK:[1]>");
outside('1 connect(3<s>, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0');
outside('1 connect(3<s>, {sa_family=AF_UNIX, sun_path=@"x"}, 4) = 0');
outside("1 connect(3<s>, {sa_family=AF_INET, sin_port=htons(53)}, 16) = 0");
outside("1 sendto(3<s>, NULL, 0, 0, {sa_family=AF_INET}, 16) = 0");
outside("1 io_uring_setup(8, 0x7ffd) = 5");
outside("what strace never wrote");
