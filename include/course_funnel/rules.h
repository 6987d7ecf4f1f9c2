#ifndef COURSE_FUNNEL_RULES_H
#define COURSE_FUNNEL_RULES_H

/*
 * The version of the rules by which this program decodes and folds (src/rules.md). Raised with
 * every change of what decoding or folding gives: the checkpoint of another version is refused, so
 * that no state mixes the rules of two programs.
 */
#define RULES_VERSION 3

#endif
