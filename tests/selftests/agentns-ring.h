/* SPDX-License-Identifier: GPL-2.0-only */
/* An io_uring without a library: what tests need of it, and no call besides. */
#ifndef AGENTNS_RING_H
#define AGENTNS_RING_H

#include <linux/io_uring.h>

#include "agentns-test.h"

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static inline int ring_setup(struct ring *r, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 60000 };
	char *m;

	r->fd = syscall(SYS_io_uring_setup, 8, &p);
	if (r->fd < 0)
		return errno;
	m = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		 IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	if (m == MAP_FAILED || r->sqes == MAP_FAILED ||
	    !(p.features & IORING_FEAT_SINGLE_MMAP))
		return ENOMEM;
	r->sq_tail = (void *)m + p.sq_off.tail;
	r->sq_mask = (void *)m + p.sq_off.ring_mask;
	r->sq_array = (void *)m + p.sq_off.array;
	r->cq_head = (void *)m + p.cq_off.head;
	r->cq_tail = (void *)m + p.cq_off.tail;
	r->cq_mask = (void *)m + p.cq_off.ring_mask;
	r->cqes = (void *)m + p.cq_off.cqes;
	return 0;
}

static inline void ring_queue(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail;

	r->sqes[tail & *r->sq_mask] = *sqe;
	r->sq_array[tail & *r->sq_mask] = tail & *r->sq_mask;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
}

static inline bool ring_done(struct ring *r, int *res)
{
	unsigned int head = *r->cq_head;

	if (__atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) == head)
		return false;
	*res = r->cqes[head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* One call that submits @n requests and waits for @wait of them. */
static inline int ring_enter(struct ring *r, int n, int wait)
{
	return syscall(SYS_io_uring_enter, r->fd, n, wait,
		       IORING_ENTER_GETEVENTS, NULL, 0);
}

/* One request by one call; its result. */
static inline int ring_do(struct ring *r, const struct io_uring_sqe *sqe)
{
	int res = -EIO;

	ring_queue(r, sqe);
	if (ring_enter(r, 1, 1) != 1)
		return -errno;
	/* A signal may end the wait before the request is done. */
	while (!ring_done(r, &res))
		ring_enter(r, 0, 1);
	return res;
}

#endif /* AGENTNS_RING_H */
