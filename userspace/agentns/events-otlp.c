// SPDX-License-Identifier: GPL-2.0-only
/*
 * A finished session as a span in OTLP/JSON, one export request a line: what
 * the OpenTelemetry collector's otlpjsonfile receiver takes.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "events-trace.h"
#include "trace-context.h"

#define SPAN_KIND_INTERNAL	1

static struct json_object *string(const char *text)
{
	return json_object_new_string(text);
}

/* 64-bit integers are strings in the JSON form of protocol buffers. */
static struct json_object *number(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return string(text);
}

static void add(struct json_object *object, const char *key,
		struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		errx(EXIT_FAILURE, "cannot write JSON: out of memory");
}

static struct json_object *array_of(struct json_object *element)
{
	struct json_object *array = json_object_new_array();

	json_object_array_add(array, element);
	return array;
}

static void attribute(struct json_object *array, const char *key,
		      const char *type, struct json_object *value)
{
	struct json_object *pair = json_object_new_object();
	struct json_object *any = json_object_new_object();

	add(any, type, value);
	add(pair, "key", string(key));
	add(pair, "value", any);
	json_object_array_add(array, pair);
}

/* The attribute is a signed number. */
static void counter(struct json_object *array, const char *key, uint64_t value)
{
	attribute(array, key, "intValue",
		  number(value > INT64_MAX ? INT64_MAX : value));
}

static struct json_object *attributes(const struct known_session *s,
				      const struct agentns_event *end)
{
	const struct agent_ns_counters_uapi *c = &end->counters;
	struct json_object *array = json_object_new_array();
	char id[AGENTNS_ID_BUFSIZE];

	attribute(array, "agentns.session.id", "stringValue",
		  string(agentns_id_format(&s->id, id)));
	if (!agentns_id_is_zero(&s->parent))
		attribute(array, "agentns.session.parent_id", "stringValue",
			  string(agentns_id_format(&s->parent, id)));
	if (*s->intent)
		attribute(array, "agentns.session.intent", "stringValue",
			  string(s->intent));
	if (s->pid)
		counter(array, "process.pid", s->pid);
	counter(array, "agentns.total_syscalls", c->total_syscalls);
	counter(array, "agentns.openat_count", c->openat_count);
	counter(array, "agentns.write_bytes", c->write_bytes);
	counter(array, "agentns.connect_count", c->connect_count);
	counter(array, "agentns.unlink_count", c->unlink_count);
	counter(array, "agentns.fork_count", c->fork_count);
	counter(array, "agentns.elapsed_ns", c->elapsed_ns);
	return array;
}

static struct json_object *link_to(const char *trace, const char *span)
{
	struct json_object *object = json_object_new_object();

	add(object, "traceId", string(trace));
	add(object, "spanId", string(span));
	return object;
}

/* To the session around it, and to the trace that its maker was part of. */
static struct json_object *links(const struct known_session *s)
{
	struct json_object *array = json_object_new_array();
	char parent[AGENTNS_ID_BUFSIZE] = "", span[SPAN_ID_BUFSIZE];

	if (!agentns_id_is_zero(&s->parent)) {
		agentns_id_format(&s->parent, parent);
		json_object_array_add(array,
			link_to(parent, session_span_id(&s->parent, span)));
	}
	if (*s->trace && strncmp(s->trace + 3, parent, AGENTNS_ID_STRLEN)) {
		char trace[AGENTNS_ID_BUFSIZE] = "";

		memcpy(trace, s->trace + 3, AGENTNS_ID_STRLEN);
		memcpy(span, s->trace + 36, SPAN_ID_BUFSIZE - 1);
		span[SPAN_ID_BUFSIZE - 1] = '\0';
		json_object_array_add(array, link_to(trace, span));
	}
	return array;
}

static struct json_object *make_span(const struct known_session *s,
				     const struct agentns_event *end,
				     uint64_t end_ns)
{
	struct json_object *span = json_object_new_object();
	char id[AGENTNS_ID_BUFSIZE], span_id[SPAN_ID_BUFSIZE];

	add(span, "traceId", string(agentns_id_format(&s->id, id)));
	add(span, "spanId", string(session_span_id(&s->id, span_id)));
	add(span, "name", string(*s->intent ? s->intent : "agent session"));
	add(span, "kind", json_object_new_int(SPAN_KIND_INTERNAL));
	add(span, "startTimeUnixNano",
	    number(end_ns - end->counters.elapsed_ns));
	add(span, "endTimeUnixNano", number(end_ns));
	add(span, "attributes", attributes(s, end));
	add(span, "links", links(s));
	add(span, "status", json_object_new_object());
	return span;
}

void print_otlp(const struct known_session *session,
		const struct agentns_event *end, uint64_t end_ns)
{
	struct json_object *request = json_object_new_object();
	struct json_object *resource = json_object_new_object();
	struct json_object *resource_attributes = json_object_new_array();
	struct json_object *resource_spans = json_object_new_object();
	struct json_object *scope = json_object_new_object();
	struct json_object *scope_spans = json_object_new_object();
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	attribute(resource_attributes, "service.name", "stringValue",
		  string("agentns"));
	attribute(resource_attributes, "host.name", "stringValue",
		  string(host));
	add(resource, "attributes", resource_attributes);
	add(scope, "name", string("agentns"));
	add(scope, "version", string(AGENTNS_VERSION));
	add(scope_spans, "scope", scope);
	add(scope_spans, "spans",
	    array_of(make_span(session, end, end_ns)));
	add(resource_spans, "resource", resource);
	add(resource_spans, "scopeSpans", array_of(scope_spans));
	add(request, "resourceSpans", array_of(resource_spans));
	puts(json_object_to_json_string_ext(request,
					    JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(request);
}
