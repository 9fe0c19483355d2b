/* What a board says, in the few words that a line of a terminal has room for. */
#pragma once

#include "feeds/board.h"

enum { BOARD_WORDS = 256, AMOUNT_WORDS = 16 };

/* "743", "12.3k", "98.1M"; returns out. */
const char *board_amount(double amount, char out[static AMOUNT_WORDS]);

/* "0 s", "43 s", "12 min", "3 h", "2 d", "6 y". */
const char *board_age(uint64_t us, char out[static AMOUNT_WORDS]);

/* A rate, by the times of the figures themselves; "-" where it is not known. */
const char *board_rate(const struct board_sensor *, const char *metric, double factor, char out[static AMOUNT_WORDS]);

/* What was lost since the sensor began, by place, what grows first ("kernel +120 of 45k"). True: something grows. */
bool board_drops(const struct board_sensor *, char out[static BOARD_WORDS]);

/* What grows, with what it means, and workers that stand still; "" where all is well. */
void board_losses(const struct board_sensor *, char out[static BOARD_WORDS]);

/* What Redis has and what waits for it. True: something waits and nothing is sent. */
bool board_delivery(const struct board_sensor *, char out[static BOARD_WORDS]);

/* How full memory and tables are, workers, lists. */
void board_state(const struct board_sensor *, char out[static BOARD_WORDS]);
