// Where this process runs, from which the default number of threads follows.

#define _GNU_SOURCE
#include "CCollectives.h"

#include <sched.h>
#include <unistd.h>

// Room for 65,536 processors; sched_getaffinity refuses a set smaller than the kernel's own.
typedef union {
  cpu_set_t set;
  unsigned char bytes[8192];
} processors;

static processors allowed(void) {
  processors mask = {.bytes = {0}};
  if (sched_getaffinity(0, sizeof mask, &mask.set) != 0) mask.bytes[0] = 1;
  return mask;
}

int pd_allowed_cores(void) {
  processors mask = allowed();
  return CPU_COUNT_S(sizeof mask, &mask.set);
}

// FNV-1a, 64 bits.
static uint64_t hash(uint64_t start, const unsigned char *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) start = (start ^ bytes[i]) * 0x100000001b3;
  return start;
}

void pd_host_name(char *name, size_t room) {
  if (gethostname(name, room) != 0) *name = 0;
  name[room - 1] = 0;  // a name that was cut need not end
}

uint64_t pd_host_hash(void) {
  unsigned char name[256] = {0};
  pd_host_name((char *)name, sizeof name);
  return hash(0xcbf29ce484222325, name, sizeof name);
}

uint64_t pd_cores_hash(void) {
  processors mask = allowed();
  return hash(pd_host_hash(), mask.bytes, sizeof mask.bytes);
}
