// SPDX-License-Identifier: GPL-2.0-only
/* What is said of errors that have more than one cause: all of them. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "problem.h"
#include "tap.h"

static void names(const char *text, const char *what)
{
	if (!ok(strstr(text, what), "\"%s\" is named", what))
		printf("# in \"%s\"\n", text);
}

int main(void)
{
	names(problem_create(-ENOSPC), "nested too deeply");
	names(problem_create(-ENOSPC), "as many as the budget");
	names(problem_signal(-EAGAIN, SIGSTOP), "new processes");
	names(problem_signal(-EAGAIN, SIGCONT), "'agentns set'");
	return tap_done();
}
