// A block of memory that the processes of a host share.
//
// It is a file without a name (memfd): no limit on /dev/shm, which containers set at 64 MB, applies, and it is gone with
// the last process that has it, however that ends. The lowest rank of a host makes it and hands its descriptor to the others over a socket
// that has no name in the file system either. Its pages are taken at once, so that nobody is killed later for touching one
// that the host does not have: by each rank a part, which on a host of several memories is then near that rank.

#define _GNU_SOURCE
#include "block.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Processes that were started together come within milliseconds; one that cannot come at all must not cost more.
enum { PATIENCE_SECONDS = 10 };

typedef struct {
  struct sockaddr_un name;
  socklen_t length;  // 0: there is nothing to share
} address;

static int make_memory(size_t bytes) {
  int memory = memfd_create("planet-dist", MFD_CLOEXEC);
  if (memory >= 0 && ftruncate(memory, (off_t)bytes) == 0) return memory;
  int error = errno;
  if (memory >= 0) close(memory);
  errno = error;
  return -1;
}

// Listens where the kernel chooses (an abstract name), so that no two jobs meet.
static int listen_anywhere(address *at, int ranks) {
  int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  at->name.sun_family = AF_UNIX;
  at->length = sizeof at->name;
  if (server >= 0 && bind(server, (struct sockaddr *)&at->name, sizeof at->name.sun_family) == 0 &&
      listen(server, ranks) == 0 && getsockname(server, (struct sockaddr *)&at->name, &at->length) == 0)
    return server;
  int error = errno;
  if (server >= 0) close(server);
  at->length = 0;
  errno = error;
  return -1;
}

typedef union {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
} control;

static int send_descriptor(int to, int memory) {
  char byte = 1;
  control words = {.bytes = {0}};
  struct iovec data = {&byte, 1};
  struct msghdr message = {
    .msg_iov = &data, .msg_iovlen = 1, .msg_control = words.bytes, .msg_controllen = sizeof words.bytes,
  };
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof memory);
  memcpy(CMSG_DATA(header), &memory, sizeof memory);
  return sendmsg(to, &message, MSG_NOSIGNAL) == 1;
}

// Hands the memory to each of the other ranks: processes of the same user, whoever else may knock.
static void hand_out(int server, int memory, int ranks) {
  struct pollfd waiting = {server, POLLIN, 0};
  double end = pd_now() + PATIENCE_SECONDS;
  for (int left = ranks - 1; left > 0 && pd_now() < end;) {
    int peer = poll(&waiting, 1, 100) > 0 ? accept4(server, NULL, NULL, SOCK_CLOEXEC) : -1;
    struct ucred who;
    socklen_t length = sizeof who;
    if (peer < 0) continue;
    if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 && who.uid == geteuid() &&
        send_descriptor(peer, memory))
      left--;
    close(peer);
  }
}

static int fetch(const address *at) {
  int memory = -1, socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return -1;
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char byte = 0;
  control words = {.bytes = {0}};
  struct iovec data = {&byte, 1};
  struct msghdr message = {
    .msg_iov = &data, .msg_iovlen = 1, .msg_control = words.bytes, .msg_controllen = sizeof words.bytes,
  };
  if (connect(socket_, (const struct sockaddr *)&at->name, at->length) == 0 &&
      recvmsg(socket_, &message, MSG_CMSG_CLOEXEC) == 1) {
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
      memcpy(&memory, CMSG_DATA(header), sizeof memory);
    else
      errno = EPROTO;
  }
  int error = errno;
  close(socket_);
  errno = error;
  return memory;
}

// Takes this rank's part of the pages: large ones where the kernel has them, since sums over megabytes otherwise wait for
// translations of addresses. Kernels before 5.14 do not know the advice, and take small ones.
static int take_pages(const pd_communicator *c, int memory, unsigned char *block, size_t bytes) {
  enum { PAGE = 4096, LARGE = 2 << 20, POPULATE_WRITE = 23 };
  size_t unit = bytes >= 2 * LARGE ? LARGE : PAGE, units = (bytes + unit - 1) / unit;
  size_t place = (size_t)(c->rank - c->hosts.first), ranks = (size_t)c->hosts.ranks;
  size_t begin = units * place / ranks * unit, end = units * (place + 1) / ranks * unit;
  if (end > bytes) end = bytes;
  if (begin >= end) return 1;
  if (unit == LARGE) madvise(block, bytes, MADV_HUGEPAGE);
  return madvise(block + begin, end - begin, POPULATE_WRITE) == 0 ||
         fallocate(memory, 0, (off_t)begin, (off_t)(end - begin)) == 0;
}

void *pd_share(pd_communicator *c, size_t bytes) {
  int memory = -1, server = -1, error = 0, makes = c->rank == c->hosts.first;
  address addresses[c->size], *own = &addresses[c->rank];
  memset(own, 0, sizeof *own);
  if (makes) {
    memory = make_memory(bytes);
    if (memory >= 0) server = listen_anywhere(own, c->hosts.ranks);
    error = errno;
  }
  if (pd_all_gather(c, addresses, sizeof *addresses) == PD_OK && addresses[c->hosts.first].length > 0) {
    if (makes) {
      hand_out(server, memory, c->hosts.ranks);
    } else {
      memory = fetch(&addresses[c->hosts.first]);
      error = errno;
    }
  }
  void *block = MAP_FAILED;
  int works = 0;
  if (memory >= 0 && addresses[c->hosts.first].length > 0) {
    block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    works = block != MAP_FAILED && take_pages(c, memory, block, bytes);
    if (!works) error = errno;
  }
  if (memory >= 0) close(memory);
  if (server >= 0) close(server);

  // All have it, or nobody uses it.
  int outcomes[c->size];
  outcomes[c->rank] = works ? 0 : error ? error : EIO;
  int failed = pd_all_gather(c, outcomes, sizeof *outcomes) != PD_OK;
  for (int rank = 0; rank < c->size && !failed; rank++) {
    if (outcomes[rank] == 0) continue;
    snprintf(c->problem, sizeof c->problem, "rank %d: %s", rank, strerror(outcomes[rank]));
    failed = 1;
  }
  if (!failed) return block;
  if (block != MAP_FAILED) munmap(block, bytes);
  return NULL;
}

int pd_share_memory(pd_communicator *c, size_t bytes, void **memory) {
  *memory = NULL;
  if (c->failure == PD_OK && pd_shares_memory(c)) *memory = pd_share(c, bytes);
  return c->failure;
}

void pd_unshare_memory(void *memory, size_t bytes) { munmap(memory, bytes); }
