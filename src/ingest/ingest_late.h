#ifndef INGEST_LATE_H
#define INGEST_LATE_H

#include "course_funnel/exchange.h"
#include "course_funnel/ingest.h"
#include "course_funnel/schedule.h"

/*
 * Local, after exchange_finish returned 1. End the job (EXIT_LOST): the lowest rank that is not
 * late says who is, on which host, and what it was reading.
 */
void ingest_late(const struct ingest *in, const struct exchange *exchange,
                 const struct schedule *schedule) __attribute__((noreturn));

#endif
