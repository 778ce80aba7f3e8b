// SPDX-License-Identifier: GPL-2.0-only
/*
 * One mistake for each of those who look for mistakes in a kernel of
 * tests/kernel/build --debug or --kcsan: tests/vm/reports loads this and waits
 * for the report.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/timer.h>

static char *mistake = "none";
module_param(mistake, charp, 0);
MODULE_PARM_DESC(mistake, "which one");

/* The compiler would see it, too. */
static int four = 4;
module_param(four, int, 0);

/* A write that nobody watches: no compiler has put a check before it. */
static void plant_byte(void *where)
{
	asm volatile("movb $0x11, (%0)" : : "r" (where) : "memory");
}

static void plant_nothing(void)
{
}

static void plant_use_after_free(void)
{
	char *p = kmalloc(32, GFP_KERNEL);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[four], 1);
}

static void plant_out_of_bounds(void)
{
	static int numbers[4];

	/* By its address the one behind the last would be no mistake. */
	numbers[four] = 1;
	barrier_data(numbers);
}

static void plant_list(void)
{
	static LIST_HEAD(one);
	static LIST_HEAD(two);
	struct list_head entry;

	list_add(&entry, &one);
	one.next = &two;
	list_del(&entry);
}

static void plant_slab(void)
{
	struct kmem_cache *cache = kmem_cache_create("plant", 40, 0,
						     SLAB_NO_MERGE, NULL);
	char *p = kmem_cache_alloc(cache, GFP_KERNEL);

	plant_byte(p + 40);
	kmem_cache_free(cache, p);
	kmem_cache_destroy(cache);
}

static void plant_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int i;

	plant_byte(page_address(page));
	__free_page(page);
	plant_byte(page_address(page) + 8);
	/* Whoever gets it next finds out; these, if nobody else. */
	for (i = 0; i < 64; i++)
		if (alloc_page(GFP_KERNEL) == page)
			break;
}

static void plant_lock_order(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(two);

	mutex_lock(&one);
	mutex_lock(&two);
	mutex_unlock(&two);
	mutex_unlock(&one);
	mutex_lock(&two);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&two);
}

static void plant_rcu(void)
{
	static int __rcu *pointer;

	WRITE_ONCE(four, !rcu_dereference(pointer));
}

static void plant_sleep(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void plant_preempt(void)
{
	WRITE_ONCE(four, smp_processor_id());
}

static void plant_timer_function(struct timer_list *timer)
{
}

static void plant_object(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	timer_setup(timer, plant_timer_function, 0);
	mod_timer(timer, jiffies + 60 * HZ);
	kfree(timer);
}

/* One pointer of many may still lie about somewhere. */
static void plant_leak(void)
{
	void *p;
	int i;

	for (i = 0; i < 16; i++) {
		p = kmalloc(64, GFP_KERNEL);
		OPTIMIZER_HIDE_VAR(p);
	}
}

static unsigned long plant_counter;

/* By its name it is ours, and so its race is told. */
static int agentns_plant_count(void *unused)
{
	unsigned long end = jiffies + 3 * HZ;

	/* Else the compiler counts in a register, and writes once. */
	while (time_before(jiffies, end)) {
		plant_counter++;
		barrier();
	}
	return 0;
}

static int other_plant_count(void *unused)
{
	unsigned long end = jiffies + 3 * HZ;

	while (time_before(jiffies, end)) {
		plant_counter--;
		barrier();
	}
	return 0;
}

static void plant_threads(int (*count)(void *))
{
	int cpu;

	for (cpu = 0; cpu < 2; cpu++) {
		struct task_struct *task = kthread_create(count, NULL, "plant");

		kthread_bind(task, cpu);
		wake_up_process(task);
	}
	msleep(5000);
}

static void plant_race(void)
{
	plant_threads(agentns_plant_count);
}

static void plant_race_elsewhere(void)
{
	plant_threads(other_plant_count);
}

static const struct {
	const char *name;
	void (*make)(void);
} plants[] = {
	{ "none", plant_nothing },
	{ "use_after_free", plant_use_after_free },
	{ "out_of_bounds", plant_out_of_bounds },
	{ "list", plant_list },
	{ "slab", plant_slab },
	{ "page", plant_page },
	{ "lock_order", plant_lock_order },
	{ "rcu", plant_rcu },
	{ "sleep", plant_sleep },
	{ "preempt", plant_preempt },
	{ "object", plant_object },
	{ "leak", plant_leak },
	{ "race", plant_race },
	{ "race_elsewhere", plant_race_elsewhere },
};

static int __init plant_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(plants); i++)
		if (!strcmp(plants[i].name, mistake)) {
			plants[i].make();
			return 0;
		}
	return -EINVAL;
}

static void __exit plant_exit(void)
{
}

module_init(plant_init);
module_exit(plant_exit);

MODULE_DESCRIPTION("Mistakes on purpose");
MODULE_LICENSE("GPL");
