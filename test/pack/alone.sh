# Starts a packed guard where there is nothing but itself, its libraries, /proc
# and one writable folder, /run: no HOME, no shell, no /dev, no network. Prints
# what `status` answers there, and ends with the guard's exit code.
#
#   unshare -mnpf --kill-child sh alone.sh GUARD FOLDER
#
# FOLDER is empty, and is so again afterwards: all mounts end with the namespace.
set -eu
guard=$1 root=$2/root log=$2/log
chroot=$(command -v chroot)

mkdir "$root"
mount -t tmpfs none "$root"
# "libm.so.6 => /lib/libm.so.6 (0x...)", and the loader without an arrow.
ldd "$guard" | sed -n 's/^\(.*=> \)\{0,1\}[[:space:]]*\(\/[^ ]*\) (0x.*/\2/p' |
  while read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
  done
mkdir "$root/proc" "$root/run"
touch "$root/oomguard"
mount --bind "$guard" "$root/oomguard"
mount -o remount,bind,ro "$root/oomguard"
mount -t proc proc "$root/proc"
mount -t tmpfs none "$root/run"
mount -o remount,ro "$root"
if touch "$root/written" 2>/dev/null; then echo "the root is writable"; fi
if [ "$(grep -c : /proc/net/dev)" != 1 ]; then echo "there is a network"; fi

env -i "$chroot" "$root" /oomguard daemon --dry-run 2>"$log" &
pid=$!
tries=0
until grep -q ': ready$' "$log"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 $pid; then
    cat "$log" >&2
    exit 1
  fi
  sleep 0.1
done
env -i "$chroot" "$root" /oomguard status
kill $pid
code=0
wait $pid || code=$?
cat "$log" >&2
exit $code
