// Where this process runs, from which the default number of threads follows.

#define _GNU_SOURCE
#include "CCollectives.h"

#include <fcntl.h>
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

int pd_next_processor(int after) {
  processors mask = allowed();
  for (int i = after + 1; i < (int)sizeof mask * 8; i++)
    if (CPU_ISSET_S(i, sizeof mask, &mask.set)) return i;
  return -1;
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

// Two hosts may have one name, such as "localhost": the kernel's number of its own start tells them apart.
uint64_t pd_host_hash(void) {
  unsigned char bytes[256 + 64] = {0};
  pd_host_name((char *)bytes, 256);
  int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    if (read(file, bytes + 256, 64) < 0) bytes[256] = 0;
    close(file);
  }
  return hash(0xcbf29ce484222325, bytes, sizeof bytes);
}

uint64_t pd_cores_hash(void) {
  processors mask = allowed();
  return hash(pd_host_hash(), mask.bytes, sizeof mask.bytes);
}
