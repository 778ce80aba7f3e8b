// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints how many kHz this machine's time stamp counter has, measured.
 *
 * An emulated processor's counter is this machine's. A kernel measures it with
 * an emulated timer at boot, and on a busy machine gets it wrong by factors.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct reading {
	unsigned long ns, ticks;
};

/* Both at once: the closest of some pairs, so that being preempted is no error. */
static struct reading take(void)
{
	unsigned long closest = -1UL;
	struct reading best = { };

	for (int i = 0; i < 50; i++) {
		unsigned long before = __rdtsc(), after;
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __rdtsc();
		if (after - before >= closest)
			continue;
		closest = after - before;
		best.ns = t.tv_sec * 1000000000UL + t.tv_nsec;
		best.ticks = before + closest / 2;
	}
	return best;
}

int main(void)
{
	struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	struct reading a = take(), b;

	nanosleep(&pause, NULL);
	b = take();
	printf("%lu\n", (b.ticks - a.ticks) * 1000000 / (b.ns - a.ns));
	return 0;
}
