/*
 * A disk for tests that can fail and can lose power. It shows a folder as a file system of its own, writes down every
 * change in the order in which it was asked for (so that a power cut at any of them can be made up afterwards), and
 * fails the calls it is told to fail.
 *
 *   power-disk MOUNTPOINT BACKING TRACE
 *
 * Told by writing a line to the file `.power` in its root:
 *   start            begins the trace anew
 *   mark TEXT        writes TEXT into the trace, as a change of its own
 *   fail CLASSES N ERROR once|always
 *                    lets the Nth call (from 1; 0 only counts) of CLASSES fail with ERROR: EIO, ENOSPC or SHORT (a
 *                    write that takes half). CLASSES: w write, s sync, o open, c create, t truncate, u unlink, n rename,
 *                    r read
 *   calm             fails nothing
 * Reading `.power` answers `CALLS FIRED WHAT`: how many calls of the classes came, how many failed, and the first that did.
 *
 * A trace is a row of entries, little-endian: kind u32, ino u64, offset u64, size u32, then `size` bytes.
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, UNLINK, RENAME, SYNC, SYNC_FOLDER, MARK, SYNC_FAILED, MAKE_FOLDER, REMOVE_FOLDER };

#define CONTROL "/.power"
/* Of so many pages of a copy one counts as a call that may fail. */
#define PAGES_ALIKE 32

static int root;
static FILE *trace;
static const char *trace_file;
static int tracing;

static struct {
  char classes[16];
  long nth;
  int error; /* 0 stands for a write that takes half */
  int always;
  long calls;
  long fired;
  long pages;
  char what[256];
} fault;

static const char *below(const char *path) { return path[1] == 0 ? "." : path + 1; }

static void note(uint32_t kind, uint64_t ino, uint64_t offset, const void *bytes, uint32_t size) {
  if (!tracing) return;
  fwrite(&kind, 4, 1, trace);
  fwrite(&ino, 8, 1, trace);
  fwrite(&offset, 8, 1, trace);
  fwrite(&size, 4, 1, trace);
  if (size > 0) fwrite(bytes, 1, size, trace);
}

static void note_path(uint32_t kind, uint64_t ino, const char *path) { note(kind, ino, 0, path, strlen(path)); }

static uint64_t ino_of(int handle) {
  struct stat stat;
  return fstat(handle, &stat) == 0 ? stat.st_ino : 0;
}

static uint64_t ino_at(const char *path) {
  struct stat stat;
  return fstatat(root, below(path), &stat, AT_SYMLINK_NOFOLLOW) == 0 ? stat.st_ino : 0;
}

/* The shared memory of SQLite is a mapped file: when the kernel writes it back is not the till's doing. */
static int is_mapped(const char *path) {
  size_t length = path == NULL ? 0 : strlen(path);
  return length > 4 && strcmp(path + length - 4, "-shm") == 0;
}

/* A backup is written and read page by page, and grows with each trial: more and more calls, all alike. */
static int is_page_of_copy(char class, const char *path) {
  size_t length = path == NULL ? 0 : strlen(path);
  return (class == 'w' || class == 'r') && strstr(path == NULL ? "" : path, "/backups/") != NULL && length > 4 &&
         strcmp(path + length - 4, ".new") == 0;
}

/* Whether this call is one to fail: 0 no, otherwise the error, or -1 for a write that takes half. */
static int failing(char class, const char *path) {
  if (fault.classes[0] == 0 || strchr(fault.classes, class) == NULL) return 0;
  if (is_mapped(path) && (class == 'w' || class == 'r' || class == 's')) return 0;
  if (fault.fired == 0 && is_page_of_copy(class, path) && fault.pages++ % PAGES_ALIKE != 0) return 0;
  fault.calls += 1;
  if (fault.nth == 0 || fault.calls < fault.nth || (!fault.always && fault.calls > fault.nth)) return 0;
  if (fault.error == 0 && class != 'w') return 0;
  if (fault.fired == 0) snprintf(fault.what, sizeof fault.what, "%c:%s", class, path == NULL ? "" : path);
  fault.fired += 1;
  return fault.error == 0 ? -1 : fault.error;
}

static int told(const char *text, size_t size) {
  char line[512];
  if (size >= sizeof line) return -EINVAL;
  memcpy(line, text, size);
  line[size] = 0;
  line[strcspn(line, "\n")] = 0;
  if (strcmp(line, "start") == 0) {
    if (trace != NULL) fclose(trace);
    trace = fopen(trace_file, "w");
    tracing = trace != NULL;
    return tracing ? (int)size : -EIO;
  }
  if (strcmp(line, "flush") == 0) {
    if (trace != NULL) fflush(trace);
    return size;
  }
  if (strncmp(line, "mark ", 5) == 0) {
    note_path(MARK, 0, line + 5);
    return size;
  }
  if (strcmp(line, "calm") == 0) {
    fault.classes[0] = 0;
    return size;
  }
  char classes[16], error[16], how[16];
  long nth;
  if (sscanf(line, "fail %15s %ld %15s %15s", classes, &nth, error, how) != 4) return -EINVAL;
  memset(&fault, 0, sizeof fault);
  strcpy(fault.classes, classes);
  fault.nth = nth;
  fault.error = strcmp(error, "EIO") == 0 ? EIO : strcmp(error, "ENOSPC") == 0 ? ENOSPC : 0;
  fault.always = strcmp(how, "always") == 0;
  return size;
}

static int on_getattr(const char *path, struct stat *stat, struct fuse_file_info *info) {
  if (strcmp(path, CONTROL) == 0) {
    memset(stat, 0, sizeof *stat);
    stat->st_mode = S_IFREG | 0600;
    stat->st_nlink = 1;
    stat->st_size = 4096;
    return 0;
  }
  int result = info != NULL ? fstat(info->fh, stat) : fstatat(root, below(path), stat, AT_SYMLINK_NOFOLLOW);
  return result == 0 ? 0 : -errno;
}

static int on_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *info,
                      enum fuse_readdir_flags flags) {
  (void)offset, (void)info, (void)flags;
  int handle = openat(root, below(path), O_RDONLY | O_DIRECTORY);
  if (handle < 0) return -errno;
  DIR *folder = fdopendir(handle);
  if (folder == NULL) return -errno;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) fill(buffer, entry->d_name, NULL, 0, 0);
  closedir(folder);
  return 0;
}

/* Calls reach this program one by one, as they were made: nothing of them stays in the kernel. */
static void keep(const char *path, struct fuse_file_info *info, int handle) {
  info->fh = handle;
  info->direct_io = !is_mapped(path);
}

static int on_open(const char *path, struct fuse_file_info *info) {
  if (strcmp(path, CONTROL) == 0) {
    info->fh = (uint64_t)-1;
    info->direct_io = 1;
    return 0;
  }
  int error = failing('o', path);
  if (error != 0) return -error;
  int handle = openat(root, below(path), (info->flags & ~(O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW)) | O_CLOEXEC);
  if (handle < 0) return -errno;
  if (info->flags & O_TRUNC) note(TRUNCATE, ino_of(handle), 0, NULL, 0);
  keep(path, info, handle);
  return 0;
}

static int on_create(const char *path, mode_t mode, struct fuse_file_info *info) {
  int error = failing('c', path);
  if (error != 0) return -error;
  int handle = openat(root, below(path), (info->flags & ~O_APPEND) | O_CREAT | O_CLOEXEC, mode);
  if (handle < 0) return -errno;
  /* What another user makes is that user's, also when root serves the disk. */
  struct fuse_context *caller = fuse_get_context();
  if (geteuid() == 0 && fchown(handle, caller->uid, caller->gid) != 0) {
    error = errno;
    close(handle);
    return -error;
  }
  note_path(CREATE, ino_of(handle), path);
  keep(path, info, handle);
  return 0;
}

static int on_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info) {
  if (info->fh == (uint64_t)-1) {
    char text[512];
    int length = snprintf(text, sizeof text, "%ld %ld %s\n", fault.calls, fault.fired, fault.what);
    if (offset >= length) return 0;
    size_t left = length - offset;
    if (left > size) left = size;
    memcpy(buffer, text + offset, left);
    return left;
  }
  int error = failing('r', path);
  if (error != 0) return -error;
  ssize_t result = pread(info->fh, buffer, size, offset);
  return result < 0 ? -errno : result;
}

static int on_write(const char *path, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info) {
  if (info->fh == (uint64_t)-1) return told(bytes, size);
  int error = failing('w', path);
  if (error > 0) return -error;
  size_t wanted = error < 0 ? size / 2 : size;
  ssize_t result = pwrite(info->fh, bytes, wanted, offset);
  if (result < 0) return -errno;
  note(WRITE, ino_of(info->fh), offset, bytes, result);
  return result;
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *info) {
  if (strcmp(path, CONTROL) == 0) return 0;
  int error = failing('t', path);
  if (error != 0) return -error;
  int handle = info != NULL ? (int)info->fh : openat(root, below(path), O_WRONLY | O_CLOEXEC);
  if (handle < 0) return -errno;
  int result = ftruncate(handle, size) == 0 ? 0 : -errno;
  if (result == 0) note(TRUNCATE, ino_of(handle), size, NULL, 0);
  if (info == NULL) close(handle);
  return result;
}

static int on_fsync(const char *path, int data_only, struct fuse_file_info *info) {
  (void)data_only;
  if (info->fh == (uint64_t)-1) return 0;
  int error = failing('s', path);
  /* After a sync that failed the kernel calls these pages clean: nothing will write them again. */
  note(error != 0 ? SYNC_FAILED : SYNC, ino_of(info->fh), 0, NULL, 0);
  return -error;
}

static int on_fsyncdir(const char *path, int data_only, struct fuse_file_info *info) {
  (void)data_only, (void)info;
  int error = failing('s', path);
  if (error == 0) note_path(SYNC_FOLDER, 0, path);
  return -error;
}

static int on_release(const char *path, struct fuse_file_info *info) {
  (void)path;
  if (info->fh != (uint64_t)-1) close(info->fh);
  return 0;
}

static int on_unlink(const char *path) {
  int error = failing('u', path);
  if (error != 0) return -error;
  uint64_t ino = ino_at(path);
  if (unlinkat(root, below(path), 0) != 0) return -errno;
  note_path(UNLINK, ino, path);
  return 0;
}

static int on_rename(const char *from, const char *to, unsigned int flags) {
  if (flags != 0) return -EINVAL;
  int error = failing('n', from);
  if (error != 0) return -error;
  uint64_t ino = ino_at(from);
  if (renameat(root, below(from), root, below(to)) != 0) return -errno;
  char both[2048];
  int length = snprintf(both, sizeof both, "%s%c%s", from, 0, to);
  note(RENAME, ino, 0, both, length);
  return 0;
}

static int on_mkdir(const char *path, mode_t mode) {
  if (mkdirat(root, below(path), mode) != 0) return -errno;
  struct fuse_context *caller = fuse_get_context();
  if (geteuid() == 0 && fchownat(root, below(path), caller->uid, caller->gid, AT_SYMLINK_NOFOLLOW) != 0) return -errno;
  note_path(MAKE_FOLDER, 0, path);
  return 0;
}

static int on_rmdir(const char *path) {
  if (unlinkat(root, below(path), AT_REMOVEDIR) != 0) return -errno;
  note_path(REMOVE_FOLDER, 0, path);
  return 0;
}

static int on_chmod(const char *path, mode_t mode, struct fuse_file_info *info) {
  (void)info;
  return fchmodat(root, below(path), mode, 0) == 0 ? 0 : -errno;
}

static int on_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info) {
  (void)info;
  return fchownat(root, below(path), user, group, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : -errno;
}

static int on_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info) {
  (void)info;
  return utimensat(root, below(path), times, 0) == 0 ? 0 : -errno;
}

static int on_statfs(const char *path, struct statvfs *stat) {
  (void)path;
  return fstatvfs(root, stat) == 0 ? 0 : -errno;
}

static void *on_init(struct fuse_conn_info *connection, struct fuse_config *config) {
  connection->want &= ~FUSE_CAP_WRITEBACK_CACHE;
  config->use_ino = 1;
  config->hard_remove = 1;
  config->entry_timeout = config->attr_timeout = config->negative_timeout = 0;
  return NULL;
}

static void on_destroy(void *data) {
  (void)data;
  if (trace != NULL) fclose(trace);
}

static const struct fuse_operations operations = {
    .init = on_init,         .destroy = on_destroy,   .getattr = on_getattr, .readdir = on_readdir,
    .open = on_open,         .create = on_create,     .read = on_read,       .write = on_write,
    .truncate = on_truncate, .fsync = on_fsync,       .fsyncdir = on_fsyncdir, .release = on_release,
    .unlink = on_unlink,     .rename = on_rename,     .mkdir = on_mkdir,     .rmdir = on_rmdir,
    .chmod = on_chmod,       .chown = on_chown,       .utimens = on_utimens, .statfs = on_statfs,
};

int main(int count, char **words) {
  if (count != 4) return 2;
  root = open(words[2], O_RDONLY | O_DIRECTORY);
  if (root < 0) return 3;
  trace_file = words[3];
  umask(0);
  /* In the foreground, so that who started it can end it, and one call at a time, so that there is one order. */
  /* PostgreSQL never runs as root: where root mounts the disk, its user must get in, too. */
  char *options = geteuid() == 0 ? "fsname=power-disk,default_permissions,allow_other"
                                 : "fsname=power-disk,default_permissions";
  char *arguments[] = {words[0], "-f", "-s", "-o", options, words[1], NULL};
  return fuse_main(6, arguments, &operations, NULL);
}
