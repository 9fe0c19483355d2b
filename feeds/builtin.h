/* The lists that radome brings along, as the build put them into the program: feeds/indicators.csv, feeds/lookalikes.txt. */
#pragma once

#include "capture/slice.h"

struct slice builtin_indicators(void);
struct slice builtin_lookalikes(void);
