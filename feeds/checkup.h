/* What -T says of a sensor that is open up to its input: a line for each thing that was looked at, nothing changed by it. */
#pragma once

#include "feeds/sensor.h"

enum checkup { CHECKUP_GOOD, CHECKUP_WRONG, CHECKUP_AWAY }; /* AWAY: hits could not be delivered */

/* Stops at the first that is bad: a sentence in err. */
enum checkup checkup(const struct sensor *, const struct options *, FILE *, char err[static ERRLEN]);
