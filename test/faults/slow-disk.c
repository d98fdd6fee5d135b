/* A disk that takes its time: every fsync of the process waits so many milliseconds as the file
   named by GRIDWARD_SLOW_DISK says. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_as_told(void) {
  const char *path = getenv("GRIDWARD_SLOW_DISK");
  FILE *file = path ? fopen(path, "r") : NULL;
  unsigned milliseconds = 0;
  if (!file) return;
  if (fscanf(file, "%u", &milliseconds) == 1) usleep(milliseconds * 1000);
  fclose(file);
}

int fsync(int descriptor) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fsync");
  wait_as_told();
  return next(descriptor);
}

int fdatasync(int descriptor) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
  wait_as_told();
  return next(descriptor);
}
