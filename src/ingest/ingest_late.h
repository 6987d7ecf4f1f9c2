#ifndef INGEST_LATE_H
#define INGEST_LATE_H

#include "ingest_worker.h"

/*
 * Local, after exchange_finish returned 1. End the job (EXIT_LOST): the lowest rank that is not
 * late says who is, on which host, and what it was reading.
 */
void ingest_late(const struct ingest_worker *worker) __attribute__((noreturn));

#endif
