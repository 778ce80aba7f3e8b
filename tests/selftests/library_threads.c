// SPDX-License-Identifier: GPL-2.0-only
// build: -fsanitize=thread -I../../userspace/lib ../../userspace/lib/*.c -ljson-c
// timeout: 300
// leaks: no
/*
 * libagentns from many threads at once, under the thread sanitizer: each is in
 * a session of its own, and nothing that it is told may be of another's, while
 * one more changes them all from outside and two watch what happens.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <agentns.h>

#include "agentns-harness.h"

#define N_WORKERS	8
#define N_WATCHERS	2
#define ROUNDS		(20 / SLOWNESS)
#define FORKS(i)	(1000 + (i))
#define OPENS(i)	(1000000 + (i))

struct worker {
	pthread_t thread;
	unsigned int number;
	char intent[AGENTNS_INTENT_BUFSIZE];
	struct agent_session_id_uapi id;
	const char *wrong;
};

struct watcher {
	pthread_t thread;
	unsigned int started, named, ended;	/* a bit for each worker */
	const char *wrong;
};

static struct worker workers[N_WORKERS];
static struct watcher watchers[N_WATCHERS];
static pthread_barrier_t watching, begun;

/* What is wrong first is what is told. */
static void must(const char **wrong, bool good, const char *what)
{
	if (!good && !*wrong)
		*wrong = what;
}

#define MUST(who, what)	must(&(who)->wrong, what, #what)

static void begin(struct worker *w)
{
	struct agent_ns_budget_ex budget = {
		.max_forks = FORKS(w->number),
		.action = AGENT_NS_ACTION_LOG,
	};

	MUST(w, !agentns_create());
	MUST(w, !agentns_get_id(&w->id));
	MUST(w, !agentns_set_intent(w->intent));
	MUST(w, !agentns_set_budget(&budget));
}

/* By prctl(2) and by this thread's files in /proc. */
static void look_at_myself(struct worker *w, struct agentns *handle)
{
	struct agent_ns_counters_uapi before, after;
	struct agent_ns_counters_ex between;
	struct agent_session_id_uapi id;
	struct agent_ns_budget_ex budget;
	char tag[AGENTNS_INTENT_BUFSIZE];
	pid_t tid = syscall(SYS_gettid);

	MUST(w, !agentns_get_counters(&before));
	MUST(w, !agentns_get_counters_ex(&between) && between.tasks == 1 &&
	     between.counters.total_syscalls > before.total_syscalls);
	MUST(w, !agentns_get_id(&id) && !agentns_id_cmp(&id, &w->id));
	MUST(w, !agentns_get_intent(tag) && !strcmp(tag, w->intent));
	MUST(w, !agentns_get_budget(&budget) &&
	     budget.max_forks == FORKS(w->number));
	MUST(w, !agentns_pid_id(handle, tid, &id) &&
	     !agentns_id_cmp(&id, &w->id));
	MUST(w, !agentns_pid_intent(handle, tid, tag) &&
	     !strcmp(tag, w->intent));
	MUST(w, !agentns_pid_counters(handle, tid, &after) &&
	     after.total_syscalls > before.total_syscalls);
}

/* By the table and the directories of all sessions. */
static void look_at_sessions(struct worker *w, struct agentns *handle)
{
	struct agent_session_id_uapi id;
	struct agentns_session s;
	struct agentns_iter *iter;
	char text[AGENTNS_ID_BUFSIZE];
	unsigned int mine = 0;
	int ret;

	MUST(w, !agentns_iter_open(handle, &iter));
	if (w->wrong)
		return;
	while ((ret = agentns_iter_next(iter, &s)) == 1) {
		if (agentns_id_cmp(&s.id, &w->id))
			continue;
		mine++;
		MUST(w, !strcmp(s.intent, w->intent));
		MUST(w, s.budget.max_forks == FORKS(w->number));
	}
	agentns_iter_close(iter);
	MUST(w, !ret && mine == 1);
	MUST(w, agentns_session_find(handle, agentns_id_format(&w->id, text),
				     &id, 1) == 1 &&
	     !agentns_id_cmp(&id, &w->id));
	MUST(w, !agentns_session_read(handle, &w->id, &s) &&
	     !strcmp(s.intent, w->intent) && s.tasks == 1);
}

static void look_at_processes(struct worker *w, struct agentns *handle)
{
	struct agentns_process_iter *iter;
	struct agentns_process process;
	unsigned int mine = 0;
	int ret;

	MUST(w, !agentns_process_iter_open(handle, &iter));
	if (w->wrong)
		return;
	while ((ret = agentns_process_iter_next(iter, &process)) == 1)
		mine += process.pid == getpid();
	agentns_process_iter_close(iter);
	MUST(w, !ret && mine == 1);
}

/* What is set from outside arrives here, in this one's session. */
static void wait_for_limit(struct worker *w)
{
	struct agent_ns_budget_ex budget = { 0 };
	int tries;

	for (tries = 0; tries < 3000 && !budget.max_opens; tries++) {
		MUST(w, !agentns_get_budget(&budget));
		usleep(10000);
	}
	MUST(w, budget.max_opens == OPENS(w->number));
}

static void *work(void *data)
{
	struct worker *w = data;
	struct agentns *handle;
	int i;

	begin(w);
	pthread_barrier_wait(&begun);
	for (i = 0; i < ROUNDS && !w->wrong; i++) {
		MUST(w, !agentns_open(&handle, NULL));
		if (w->wrong)
			break;
		look_at_myself(w, handle);
		look_at_sessions(w, handle);
		look_at_processes(w, handle);
		agentns_close(handle);
	}
	wait_for_limit(w);
	return NULL;
}

static void note(struct watcher *w, const struct agentns_event *event)
{
	unsigned int i;

	for (i = 0; i < N_WORKERS; i++) {
		if (agentns_id_cmp(&event->id, &workers[i].id))
			continue;
		if (event->type == AGENTNS_EVENT_START)
			w->started |= 1 << i;
		if (event->type == AGENTNS_EVENT_INTENT &&
		    !strcmp(event->intent, workers[i].intent))
			w->named |= 1 << i;
		if (event->type == AGENTNS_EVENT_END)
			w->ended |= 1 << i;
	}
}

/* Each has events of its own: what one has read the other reads, too. */
static void *watch(void *data)
{
	const unsigned int all = (1 << N_WORKERS) - 1;
	struct agentns_events *events = NULL;
	struct watcher *w = data;
	struct agentns_event event;
	struct agentns *handle;
	struct pollfd fd;
	int ret = 0;

	MUST(w, !agentns_open(&handle, NULL));
	if (!w->wrong)
		MUST(w, !agentns_events_open(handle, &events));
	pthread_barrier_wait(&watching);
	pthread_barrier_wait(&begun);	/* now the ids are known */
	while (!w->wrong && w->ended != all) {
		fd = (struct pollfd){ agentns_events_fd(events), POLLIN };
		MUST(w, poll(&fd, 1, 60000 * SLOWNESS) == 1);
		while (!w->wrong &&
		       (ret = agentns_events_next(events, &event)) == 1)
			note(w, &event);
		MUST(w, !ret);
	}
	MUST(w, w->started == all && w->named == all);
	agentns_events_close(events);
	agentns_close(handle);
	return NULL;
}

FIXTURE(threads) {
};

FIXTURE_SETUP(threads)
{
}

FIXTURE_TEARDOWN(threads)
{
}

TEST_F_TIMEOUT(threads, each_its_own, 240)
{
	struct agentns *handle;
	unsigned int i;

	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	ASSERT_EQ(0, agentns_open(&handle, NULL));
	pthread_barrier_init(&watching, NULL, N_WATCHERS + 1);
	pthread_barrier_init(&begun, NULL, N_WATCHERS + N_WORKERS + 1);
	for (i = 0; i < N_WATCHERS; i++)
		ASSERT_EQ(0, pthread_create(&watchers[i].thread, NULL, watch,
					    &watchers[i]));
	pthread_barrier_wait(&watching);
	for (i = 0; i < N_WORKERS; i++) {
		workers[i].number = i;
		snprintf(workers[i].intent, sizeof(workers[i].intent),
			 "thread %u", i);
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work,
					    &workers[i]));
	}
	pthread_barrier_wait(&begun);
	for (i = 0; i < N_WORKERS; i++)
		EXPECT_EQ(0, agentns_session_set_limit(handle, &workers[i].id,
						       "max_opens", OPENS(i)));
	for (i = 0; i < N_WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		EXPECT_EQ(NULL, workers[i].wrong)
			TH_LOG("worker %u: not so: %s", i, workers[i].wrong);
	}
	for (i = 0; i < N_WATCHERS; i++) {
		pthread_join(watchers[i].thread, NULL);
		EXPECT_EQ(NULL, watchers[i].wrong)
			TH_LOG("watcher %u: not so: %s", i, watchers[i].wrong);
	}
	agentns_close(handle);
}

TEST_HARNESS_MAIN
