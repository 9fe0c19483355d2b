/* Whether a Redis would take what a sensor sends: asked without sending anything. */
#pragma once

#include "feeds/redis.h"

/* True: line says where it is, who was let in, what stands at the key and what may be done there. False: a sentence in err;
 * *wrong where URL or password file are wrong, so that it was not even asked. */
bool redis_checkup(const struct redis_settings *, bool *wrong, char line[static ERRLEN], char err[static ERRLEN]);
