/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_header - finds the one Security header for us and the one Signature in it, by walking children.
 * Promise:  nothing is found by search; what is repeated, misplaced or unknown is refused.
 * Not here: SignedInfo (security_reference.c), KeyInfo (security_token.c).
 * Spec:     SOAP 1.1 section 4.2; WSS 1.1 sections 5, 8, 10; XML Signature section 4. */
#include "security/security_int.h"

#define ACTOR_NEXT "http://schemas.xmlsoap.org/soap/actor/next"

static bool is_for_us(const xmlNode *block)
{
	const char *actor = security_node_value(block, NS_SOAP11, "actor");

	return !actor || !*actor || strcmp(actor, ACTOR_NEXT) == 0;
}

/* Anything but a clear no counts as a demand. */
static bool is_demanded(const xmlNode *block)
{
	const char *must = security_node_value(block, NS_SOAP11, "mustUnderstand");

	return must && strcmp(must, "0") != 0 && strcmp(must, "false") != 0;
}

static outcome not_understood(const xmlNode *block, struct err *e)
{
	return err_set(e, REASON_SOAP_MUST_UNDERSTAND, "header block %.80s in namespace %.120s",
		node_local(block), node_ns(block));
}

/* The Security header for us, and a Signature that stands in the Header itself. */
static outcome find_home(const xmlNode *header, xmlNode **security, xmlNode **bare, struct err *e)
{
	bool several = false;

	for (xmlNode *b = security_node_element(header->children); b; b = security_node_element(b->next)) {
		if (!is_for_us(b))
			continue;
		if (security_node_is(b, NS_WSSE, "Security")) {
			if (*security)
				return err_set(e, REASON_SEC_SEVERAL, "two wsse:Security headers");
			*security = b;
		} else if (security_node_is(b, NS_DSIG, "Signature")) {
			several = *bare != NULL;
			*bare = b;
		} else if (is_demanded(b)) {
			return not_understood(b, e);
		}
	}
	if (*security && *bare && is_demanded(*bare))
		return not_understood(*bare, e);
	if (!*security && several)
		return err_set(e, REASON_SEC_CONTENT, "two ds:Signature header blocks");
	return DONE;
}

static outcome take_child(struct parts *p, xmlNode *child, struct err *e)
{
	if (security_node_is(child, NS_DSIG, "Signature")) {
		if (p->signature)
			return err_set(e, REASON_SEC_CONTENT, "two ds:Signature elements");
		p->signature = child;
	} else if (security_node_is(child, NS_WSSE, "BinarySecurityToken")) {
		if (p->token)
			return err_set(e, REASON_SEC_TOKEN_SEVERAL, "two BinarySecurityToken elements");
		p->token = child;
	} else if (security_node_is(child, NS_WSU, "Timestamp")) {
		if (p->timestamp)
			return err_set(e, REASON_SEC_TIMESTAMP, "two Timestamp elements");
		p->timestamp = child;
	} else {
		return err_set(e, REASON_SEC_CONTENT, "element %.80s in namespace %.120s in wsse:Security",
			node_local(child), node_ns(child));
	}
	return DONE;
}

static outcome read_security(struct parts *p, xmlNode *security, struct err *e)
{
	if (!security_node_tidy(security))
		return err_set(e, REASON_SEC_CONTENT, "text in wsse:Security");
	p->home = security;
	for (xmlNode *c = security_node_element(security->children); c; c = security_node_element(c->next))
		TRY(take_child(p, c, e));
	if (!p->signature)
		return err_set(e, REASON_SEC_SIGNATURE_ABSENT, "no ds:Signature in wsse:Security");
	return DONE;
}

static outcome read_signature(struct parts *p, struct err *e)
{
	static const char *const names[] = {"SignedInfo", "SignatureValue", "KeyInfo"};
	xmlNode **const seats[] = {&p->signed_info, &p->signature_value, &p->key_info};
	xmlNode *child = security_node_element(p->signature->children);

	for (size_t i = 0; i < 3; i++) {
		if (!child || !security_node_is(child, NS_DSIG, names[i]))
			return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "ds:%s expected, %.80s found", names[i],
				child ? node_local(child) : "nothing");
		*seats[i] = child;
		child = security_node_element(child->next);
	}
	if (child || !security_node_tidy(p->signature))
		return err_set(e, REASON_SEC_SIGNATURE_SHAPE, "%.80s behind ds:KeyInfo",
			child ? node_local(child) : "text");
	return DONE;
}

outcome security_header_read(const struct envelope *env, struct parts *p, struct err *e)
{
	const struct element *header = envelope_header(env);
	xmlNode *security = NULL, *bare = NULL;

	if (!header)
		return err_set(e, REASON_SEC_ABSENT, "no soap:Header");
	TRY(find_home(header->node, &security, &bare, e));
	if (security) {
		TRY(read_security(p, security, e));
	} else if (bare) {
		p->plain = true;
		p->home = header->node;
		p->signature = bare;
	} else {
		return err_set(e, REASON_SEC_ABSENT, "no wsse:Security without a foreign actor");
	}
	return read_signature(p, e);
}
