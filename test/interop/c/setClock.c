// Preloaded into a server: shows it a wall clock that somebody sets. The file that SET_CLOCK names
// holds `+SECONDS` or `-SECONDS` to add to the real time, or `=SECONDS` since 1970 to stand still at.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef int (*clock_call)(clockid_t, struct timespec *);

static void set(struct timespec *now) {
  char text[32] = {0};
  const char *path = getenv("SET_CLOCK");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 1) return;
  if (text[0] == '=') {
    now->tv_sec = atoll(text + 1);
    now->tv_nsec = 0;
  } else {
    now->tv_sec += atoll(text);
  }
}

int clock_gettime(clockid_t id, struct timespec *now) {
  static clock_call real = NULL;
  if (real == NULL) real = (clock_call)dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, now);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) set(now);
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec time;
  int result = clock_gettime(CLOCK_REALTIME, &time);
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}
