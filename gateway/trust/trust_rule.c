/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_rule - may this certificate sign what a rule speaks of?
 * Promise:  every demand that is named is checked, and the first that does not hold is told in words that the owner of
 *           the certificate understands, without anybody's number.
 * Not here: validity, issuer and usage of the certificate (trust_store.c, trust_check.c).
 * Spec:     rules B2, T4, T5, T6. */
#include <strings.h>

#include "trust/trust_int.h"

static const char *kind_name(unsigned kind)
{
	switch (kind) {
	case CONF_SUBJECT_PERSON:
		return "a person";
	case CONF_SUBJECT_EMPLOYEE:
		return "an employee";
	case CONF_SUBJECT_ORGANISATION:
		return "an organisation";
	default:
		return "nobody with one IIN or BIN";
	}
}

/* "person, employee" */
static void list_kinds(unsigned kinds, struct buf *out)
{
	static const char *const names[] = {"a person", "an employee", "an organisation"};

	for (unsigned i = 0; i < 3; i++) {
		if (kinds & (1u << i))
			buf_printf(out, "%s%s", out->len ? " or " : "", names[i]);
	}
}

static outcome subject_fits(const struct trust_subject *s, const struct conf_rule *rule, struct err *e)
{
	SCOPED(buf_free) struct buf wanted = BUF(100);

	if (!rule->subjects || (rule->subjects & s->kind))
		return DONE;
	list_kinds(rule->subjects, &wanted);
	return err_set(e, REASON_CERT_ROLE, "rule %s: the certificate is of %s, not of %s", rule->name, kind_name(s->kind),
		buf_cstr(&wanted));
}

static bool names_hold(const struct conf_names *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->name[i], name) == 0)
			return true;
	}
	return false;
}

static bool any_holds(const struct conf_names *list, const struct conf_names *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		if (names_hold(list, wanted->name[i]))
			return true;
	}
	return false;
}

/* Fails with the wanted names; a long list ends where the detail does. */
static outcome lacks(const struct conf_rule *rule, const char *what, const struct conf_names *wanted, struct err *e)
{
	SCOPED(buf_free) struct buf text = BUF(4096);

	for (size_t i = 0; i < wanted->n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", wanted->name[i]);
	return err_set(e, REASON_CERT_ROLE, "rule %s: %s holds none of: %.150s", rule->name, what, buf_cstr(&text));
}

static outcome purposes_fit(const struct trust_subject *s, const struct conf_rule *rule, struct err *e)
{
	if (rule->any_of.n && !any_holds(&s->purposes, &rule->any_of))
		return lacks(rule, "extendedKeyUsage", &rule->any_of, e);
	for (size_t i = 0; i < rule->all_of.n; i++) {
		if (!names_hold(&s->purposes, rule->all_of.name[i]))
			return err_set(e, REASON_CERT_ROLE, "rule %s: extendedKeyUsage lacks %s", rule->name,
				rule->all_of.name[i]);
	}
	if (rule->policies.n && !any_holds(&s->policies, &rule->policies))
		return lacks(rule, "certificatePolicies", &rule->policies, e);
	return DONE;
}

static outcome dc_fits(const struct trust_subject *s, const struct conf_rule *rule, struct err *e)
{
	for (size_t i = 0; i < rule->dc.n; i++) {
		for (size_t k = 0; k < s->dc.n; k++) {
			if (strcasecmp(rule->dc.name[i], s->dc.name[k]) == 0)
				return DONE;
		}
	}
	return rule->dc.n ? lacks(rule, "DC of the subject", &rule->dc, e) : DONE;
}

static outcome bin_fits(
	const struct trust_subject *s, const struct conf_rule *rule, const char *sender_bin, struct err *e)
{
	if (!rule->own_bin && !rule->bins.n)
		return DONE;
	if (!s->bin)
		return err_set(e, REASON_CERT_ROLE, "rule %s: the subject holds no BIN", rule->name);
	if (rule->bins.n && !names_hold(&rule->bins, s->bin))
		return err_set(e, REASON_CERT_ROLE, "rule %s: the BIN in the subject is not one of those that are named",
			rule->name);
	if (!rule->own_bin)
		return DONE;
	if (!sender_bin)
		return err_set(e, REASON_CERT_ROLE, "rule %s: the BIN of the sender is not known", rule->name);
	return strcmp(s->bin, sender_bin) == 0 ? DONE :
		err_set(e, REASON_CERT_ROLE, "rule %s: the BIN in the subject is not that of the sender", rule->name);
}

outcome trust_rule_holds(
	const struct trust_cert *c, const struct conf_rule *rule, const char *sender_bin, struct err *e)
{
	const struct trust_subject *s = &c->who;

	TRY(subject_fits(s, rule, e));
	TRY(purposes_fit(s, rule, e));
	TRY(dc_fits(s, rule, e));
	if (rule->non_repudiation && !(s->signature && s->non_repudiation))
		return err_set(e, REASON_CERT_ROLE, "rule %s: keyUsage lacks nonRepudiation", rule->name);
	return bin_fits(s, rule, sender_bin, e);
}
