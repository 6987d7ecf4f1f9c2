#ifndef COURSE_FUNNEL_COMMAND_H
#define COURSE_FUNNEL_COMMAND_H

/*
 * The commands of the program. Each is given its own name and what follows it on the command
 * line, prints its result to standard output and its failure to standard error, and returns the
 * exit code (failure.h). Only these may print.
 */

/* Collective: rebuild the marts. */
int rebuild_command(int argc, char **argv);

/* Collective: write a sample export; each rank writes its share of the files. */
int generate_command(int argc, char **argv);

/* Local, without MPI: print the funnel of a course out of a target. */
int report_command(int argc, char **argv);

/* Local, without MPI: tell what a checkpoint folder holds. */
int inspect_command(int argc, char **argv);

/* Local, without MPI: list who is behind a cell of the published marts. */
int learners_command(int argc, char **argv);

#endif
