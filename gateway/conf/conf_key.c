/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_key - what the words of an own key demand of each other.
 * Promise: a key comes from one place, and whoever follows it follows for good.
 * Not here: whether the key is there and any good (trust). */
#include "conf/conf_int.h"

static void conf_check_source(struct conf_reading *r, const struct conf_item *item, const struct conf_key *k)
{
	int sources = (k->key != NULL) + (k->pkcs12 != NULL) + (k->pkcs11 != NULL);

	if (sources != 1)
		conf_error(r, k->at, "Write exactly one of key, pkcs12 and pkcs11.", "%s where the key is",
			sources ? "it is said more than once" : "nothing says");
	else if (k->key && !k->certificate)
		conf_error(r, k->at, "Name the PEM file of its certificate.", "key needs certificate");
	else if (k->pkcs12 && k->certificate)
		conf_error(r, conf_item_at(item, "certificate"), "Remove it: the certificate is in the PKCS#12 file.",
			"certificate has no effect with pkcs12");
	else if (k->pkcs12 && !k->password_file)
		conf_error(r, k->at, "Name the file with the password.", "pkcs12 needs password_file");
	else if (k->pkcs11 && (!k->module || !k->pin_file))
		conf_error(r, k->at, "Name the module and the file with the PIN.", "pkcs11 needs module and pin_file");
	else if (k->pkcs11 && k->password_file)
		conf_error(r, conf_item_at(item, "password_file"), "Remove it; the PIN is in pin_file.",
			"password_file has no effect with pkcs11");
	else if (!k->pkcs11 && (k->module || k->pin_file))
		conf_error(r, conf_item_at(item, k->module ? "module" : "pin_file"), "Remove it, or write pkcs11.",
			"%s has no effect without pkcs11", k->module ? "module" : "pin_file");
}

/* The module is a part of the process: there is one. */
static void conf_check_module(struct conf_reading *r, const struct conf_item *item, const struct conf_key *k)
{
	const struct conf_list *keys = &r->lists[CONF_SECTION_KEY];

	for (size_t i = 0; k->module && &keys->items[i] != item; i++) {
		const struct conf_key *other = keys->items[i].target;

		if (!other->module || strcmp(other->module, k->module) == 0)
			continue;
		conf_error(r, conf_item_at(item, "module"), "Use tokens of one module.",
			"module: key %s has another one", other->name ? other->name : "");
		return;
	}
}

/* Whether a walk over successors comes back to where it began. */
static bool conf_follows_itself(const struct conf_key *k, size_t most)
{
	const struct conf_key *next = k->successor;

	while (next && next != k && most--)
		next = next->successor;
	return next == k;
}

void conf_check_key(struct conf_reading *r, const struct conf_item *item)
{
	struct conf_key *k = item->target;
	bool said;

	k->successor = conf_refer(r, item, "successor", 0, CONF_SECTION_KEY, &said);
	if (item->faulty)
		return;
	conf_check_source(r, item, k);
	conf_check_module(r, item, k);
	if (said != (k->successor_ms != 0))
		conf_error(r, conf_item_at(item, said ? "successor" : "successor_from"), "Write both, or none.",
			"successor and successor_from belong together");
	if (conf_follows_itself(k, r->lists[CONF_SECTION_KEY].n))
		conf_error(r, conf_item_at(item, "successor"), "Let the last key have no successor.",
			"successor: the key follows itself");
}

const struct conf_key *conf_only_key(const struct conf_reading *r)
{
	const struct conf_list *keys = &r->lists[CONF_SECTION_KEY];
	const struct conf_key *only = NULL;

	for (size_t i = 0; i < keys->n; i++) {
		bool follows = false;

		for (size_t j = 0; j < keys->n; j++)
			follows |= ((const struct conf_key *)keys->items[j].target)->successor == keys->items[i].target;
		if (!follows && only)
			return NULL;
		if (!follows)
			only = keys->items[i].target;
	}
	return only;
}
