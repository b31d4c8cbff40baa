/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trust_subject - who a certificate is for: the profile of the National Certification Authority, decoded.
 * Promise:  what contradicts itself is left out, so that a rule that demands it does not hold.
 * Not here: whether the certificate may be used (trust_check.c), what is demanded (trust_rule.c).
 * Spec:     RFC 5280 4.1.2.6, 4.2.1.3, 4.2.1.4, 4.2.1.12; serialNumber IIN..., OU BIN..., GN holds the patronymic. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "trust/trust_int.h"

static inline void scoped_eku(EXTENDED_KEY_USAGE **p) { sk_ASN1_OBJECT_pop_free(*p, ASN1_OBJECT_free); }
static inline void scoped_policies(CERTIFICATEPOLICIES **p) { CERTIFICATEPOLICIES_free(*p); }

/* Room for `n` names at the end of the list. */
static const char **names_for(struct conf_names *list, struct pool *pool, int n)
{
	const char **names = pool_alloc(pool, ((size_t)(n > 0 ? n : 0) + 1) * sizeof(*names));

	*list = (struct conf_names){names, 0};
	return names;
}

static bool add_oid(struct conf_names *list, const char **names, struct pool *pool, const ASN1_OBJECT *oid)
{
	char dotted[128];
	int n = OBJ_obj2txt(dotted, sizeof(dotted), oid, 1);

	if (n <= 0 || n >= (int)sizeof(dotted))
		return true; /* longer than any that a rule may name */
	names[list->n] = pool_copy(pool, bytes_str(dotted));
	return names[list->n++] != NULL;
}

static bool take_purposes(struct trust_subject *s, struct pool *pool, X509 *x)
{
	SCOPED(scoped_eku) EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	const char **names = names_for(&s->purposes, pool, sk_ASN1_OBJECT_num(list));
	bool taken = names != NULL;

	for (int i = 0; taken && i < sk_ASN1_OBJECT_num(list); i++)
		taken = add_oid(&s->purposes, names, pool, sk_ASN1_OBJECT_value(list, i));
	return taken;
}

static bool take_policies(struct trust_subject *s, struct pool *pool, X509 *x)
{
	SCOPED(scoped_policies) CERTIFICATEPOLICIES *list = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
	const char **names = names_for(&s->policies, pool, sk_POLICYINFO_num(list));
	bool taken = names != NULL;

	for (int i = 0; taken && i < sk_POLICYINFO_num(list); i++)
		taken = add_oid(&s->policies, names, pool, sk_POLICYINFO_value(list, i)->policyid);
	return taken;
}

/* The first of several attributes of one type. */
static bool take_text(const char **to, struct pool *pool, struct bytes value)
{
	if (*to)
		return true;
	*to = pool_copy(pool, value);
	return *to != NULL;
}

static bool take_attribute(
	struct trust_subject *s, const char **dc, struct pool *pool, const char *type, struct bytes value)
{
	if (strcmp(type, "2.5.4.3") == 0)
		return take_text(&s->common_name, pool, value);
	if (strcmp(type, "2.5.4.4") == 0)
		return take_text(&s->surname, pool, value);
	if (strcmp(type, "2.5.4.42") == 0)
		return take_text(&s->patronymic, pool, value);
	if (strcmp(type, "2.5.4.10") == 0)
		return take_text(&s->organisation, pool, value);
	if (strcmp(type, "0.9.2342.19200300.100.1.25") != 0)
		return true;
	dc[s->dc.n] = pool_copy(pool, value);
	return dc[s->dc.n++] != NULL;
}

static bool take_attributes(struct trust_subject *s, struct pool *pool, const X509_NAME *name)
{
	const char **dc = names_for(&s->dc, pool, X509_NAME_entry_count(name));

	for (int i = 0; dc && i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		struct bytes value;
		SCOPED(scoped_text) char *text = trust_entry_text(entry, &value);
		char type[80];

		if (text && trust_entry_type(entry, type) && !take_attribute(s, dc, pool, type, value))
			return false;
	}
	return dc != NULL;
}

static unsigned kind_of(const struct trust_subject *s)
{
	if (s->iin)
		return s->bin ? CONF_SUBJECT_EMPLOYEE : CONF_SUBJECT_PERSON;
	return s->bin ? CONF_SUBJECT_ORGANISATION : 0;
}

static bool take_numbers(struct trust_subject *s, struct pool *pool, const X509_NAME *name)
{
	struct trust_numbers n;

	if (!trust_numbers_of(&n, name))
		return true;
	s->iin = n.iin[0] ? pool_copy(pool, bytes_str(n.iin)) : NULL;
	s->bin = n.bin[0] ? pool_copy(pool, bytes_str(n.bin)) : NULL;
	s->kind = kind_of(s);
	return (!n.iin[0] || s->iin) && (!n.bin[0] || s->bin);
}

bool trust_subject_of(struct trust_subject *s, struct pool *pool, X509 *x)
{
	const X509_NAME *name = X509_get_subject_name(x);
	bool has_usage = (X509_get_extension_flags(x) & EXFLAG_KUSAGE) != 0;
	bool taken;

	*s = (struct trust_subject){0};
	s->signature = has_usage && (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE);
	s->non_repudiation = has_usage && (X509_get_key_usage(x) & KU_NON_REPUDIATION);
	taken = take_numbers(s, pool, name) && take_attributes(s, pool, name) && take_purposes(s, pool, x) &&
		take_policies(s, pool, x);
	ERR_clear_error();
	return taken;
}
