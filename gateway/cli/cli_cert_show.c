/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli_cert_show - qaqpa cert show: what a certificate says, decoded by the profile of the authority.
 * Promise: no IIN and BIN in full unless they are asked for. Nothing is judged but the moment. */
#include <stdio.h>

#include "cli/cli_cert.h"

static const char *kind_name(const struct cert_view *v)
{
	switch (v->who.kind) {
	case CONF_SUBJECT_PERSON:
		return "person";
	case CONF_SUBJECT_EMPLOYEE:
		return "employee";
	case CONF_SUBJECT_ORGANISATION:
		return "organisation";
	default:
		return v->authority ? "authority" : "neither IIN nor BIN, or several";
	}
}

static void print_part(const char *name, const char *value)
{
	if (value && *value)
		printf("%-14s %s\n", name, value);
}

static void print_names(const char *name, const struct conf_names *list)
{
	for (size_t i = 0; i < list->n; i++)
		printf("%-14s %s\n", i ? "" : name, list->name[i]);
}

static void print_oids(const char *name, const struct conf_names *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *means = cert_oid_name(list->name[i]);

		printf("%-14s %s%s%s\n", i ? "" : name, list->name[i], means ? "  " : "", means ? means : "");
	}
}

static void print_view(const struct cli_cert *c, const struct cert_view *v, int64_t now_ms)
{
	print_part("kind", kind_name(v));
	print_part("name", cli_cert_masked(c, v->who.common_name));
	print_part("surname", cli_cert_masked(c, v->who.surname));
	print_part("patronymic", cli_cert_masked(c, v->who.patronymic));
	print_part("organisation", cli_cert_masked(c, v->who.organisation));
	print_part("IIN", cli_cert_masked(c, v->who.iin));
	print_part("BIN", cli_cert_masked(c, v->who.bin));
	print_names("DC", &v->who.dc);
	print_oids("purposes", &v->who.purposes);
	print_oids("policies", &v->who.policies);
	print_names("usage", &v->usage);
	print_part("key", v->key);
	print_part("signed with", v->signature);
	print_part("from", cli_cert_moment(c, v->not_before_ms));
	print_part("until", cli_cert_moment(c, v->not_after_ms));
	print_part("now", cli_cert_state(v, now_ms));
	print_part("issuer", cli_cert_readable(v->issuer));
	print_part("serial", v->serial);
	print_part("SHA-256", v->print);
	print_part("SHA-1", v->sha1);
	print_part("key identifier", v->ski);
}

static json_t *json_names(const struct cli_cert *c, const struct conf_names *list)
{
	json_t *out = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(out, json_string(c ? cli_cert_masked(c, list->name[i]) : list->name[i]));
	return out;
}

static json_t *json_oids(const struct conf_names *list)
{
	json_t *out = json_array();

	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(
			out, json_pack("{s:s, s:s?}", "oid", list->name[i], "means", cert_oid_name(list->name[i])));
	return out;
}

static json_t *json_view(const struct cli_cert *c, const struct cert_view *v, int64_t now_ms)
{
	json_t *out = json_pack("{s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o}", "kind", kind_name(v),
		"name", cli_cert_masked(c, v->who.common_name), "surname", cli_cert_masked(c, v->who.surname), "patronymic",
		cli_cert_masked(c, v->who.patronymic), "organisation", cli_cert_masked(c, v->who.organisation), "iin",
		cli_cert_masked(c, v->who.iin), "bin", cli_cert_masked(c, v->who.bin), "subject",
		cli_cert_masked(c, v->subject), "dc", json_names(c, &v->who.dc), "purposes", json_oids(&v->who.purposes),
		"policies", json_oids(&v->who.policies), "usage", json_names(NULL, &v->usage));
	json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:b}", "key", v->key, "signed_with",
		v->signature, "from", cli_cert_moment(c, v->not_before_ms), "until", cli_cert_moment(c, v->not_after_ms), "now",
		cli_cert_state(v, now_ms), "issuer", cli_cert_readable(v->issuer), "serial", v->serial, "sha256", v->print,
		"sha1", v->sha1, "key_identifier", v->ski, "authority", v->authority);

	json_object_update(out, more);
	json_decref(more);
	return out;
}

int cli_cert_show(struct cli_cert *c)
{
	int64_t now_ms = stamp_now().ms;
	const struct cert_view *views;
	json_t *list;
	struct err e = {0};
	size_t n;

	if (!cert_views_read(c->pool, c->word, &views, &n, &e).ok)
		return cli_fail(&e);
	if (!c->json) {
		for (size_t i = 0; i < n; i++) {
			if (i)
				putchar('\n');
			print_view(c, &views[i], now_ms);
		}
		return CLI_DONE;
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_view(c, &views[i], now_ms));
	json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
	return CLI_DONE;
}
