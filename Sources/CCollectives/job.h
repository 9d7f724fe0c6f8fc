// What the two files that know MPI have in common.
#pragma once

#include <mpi.h>
#include <pthread.h>

#include "block.h"

// The thread that gives signs of life; see heartbeat.c.
typedef struct pd_heartbeat pd_heartbeat;

typedef struct {
  MPI_Comm comm;   // our own, so that no one else's messages meet ours
  MPI_Comm calls;  // for the roll call; the background has none
  MPI_Comm signs;  // of life; nor these
  struct {
    pd_exchange exchange;
    MPI_Request requests[2];  // receive, send
  } flights[PD_IN_FLIGHT];
  size_t started, finished;
  int is_patient;   // the background's: it leaves the processor to those who compute, and its time is never up
  pd_heartbeat *heartbeat;  // NULL: nobody gives any
  pd_block *block;  // mapped by this process; NULL if ranks share none
} pd_job;

// Whoever calls MPI has it.
extern pthread_mutex_t pd_turn;

// The value of a call of MPI's, made when it is this thread's turn.
#define IN_TURN(call)               \
  ({                                \
    pthread_mutex_lock(&pd_turn);   \
    int returned = (call);          \
    pthread_mutex_unlock(&pd_turn); \
    returned;                       \
  })

extern const pd_transport pd_mpi_transport;

// Ends this rank's thread of signs, when every rank has come here.
int pd_end_heartbeat(pd_communicator *c);

// Breaks the communicator because MPI failed with `error`.
int pd_mpi_failure(pd_communicator *c, int error, int peer);
