/* SPDX-License-Identifier: GPL-3.0-or-later */
/* security_token - from KeyInfo to one certificate of a participant.
 * Promise:  exactly one certificate is named; it is only looked up in trust, never believed.
 * Not here: whether its form is allowed (security_verify.c).
 * Spec:     WSS X.509 Token Profile 1.1 section 3.2; XML Signature section 4.5; WS-I BSP 1.1 sections 7 and
 *           8.8. */
#include "security/security_int.h"

/* Base64 of a certificate; a longer text is not looked at. */
enum { CERTIFICATE_TEXT_MAX = 128 * 1024 };

struct search { /* what the readers below need and what they find */
	struct pool *pool;
	const struct envelope *env;
	struct parts *p;
	struct trust *trust;
	int64_t now_ms;
	const struct trust_cert *cert;
};

static outcome unsupported(const xmlNode *node, struct err *e)
{
	return err_set(e, REASON_SEC_TOKEN_KIND, "%.80s in namespace %.120s",
		node ? node_local(node) : "nothing", node ? node_ns(node) : "");
}

static outcome read_base64(struct search *s, const xmlNode *node, struct bytes *text, struct err *e)
{
	if (!node_text(s->pool, node, text))
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%.40s holds an element", node_local(node));
	if (text->n > CERTIFICATE_TEXT_MAX)
		return err_set(e, REASON_SEC_TOKEN_BROKEN, "%.40s has %zu characters", node_local(node),
			text->n);
	return DONE;
}

static outcome find_certificate(struct search *s, const xmlNode *node, struct err *e)
{
	struct bytes text;

	TRY(read_base64(s, node, &text, e));
	return trust_find_base64(s->trust, text, s->now_ms, &s->cert, e);
}

static outcome find_ski(struct search *s, const xmlNode *node, struct err *e)
{
	SCOPED(buf_free) struct buf ski = BUF(CERTIFICATE_TEXT_MAX);
	struct bytes text;

	TRY(read_base64(s, node, &text, e));
	TRY(base64_decode(text, &ski, e));
	return trust_find_ski(s->trust, buf_bytes(&ski), s->now_ms, &s->cert, e);
}

/* EncodingType is Base64Binary, or absent and so taken. */
static bool is_base64(const xmlNode *node)
{
	const char *type = security_node_value(node, "", "EncodingType");

	return !type || strcmp(type, WSS_BASE64) == 0;
}

static bool has_value_type(const xmlNode *node, const char *wanted)
{
	const char *type = security_node_value(node, "", "ValueType");

	return type && strcmp(type, wanted) == 0;
}

static outcome by_key_identifier(struct search *s, const xmlNode *node, struct err *e)
{
	const char *type = security_node_value(node, "", "ValueType");

	s->p->form = CONF_FORM_KEY_IDENTIFIER;
	if (!is_base64(node))
		return err_set(e, REASON_SEC_TOKEN_KIND, "EncodingType %.150s",
			security_node_value(node, "", "EncodingType"));
	if (has_value_type(node, WSS_X509V3))
		return find_certificate(s, node, e);
	if (has_value_type(node, WSS_X509SKI))
		return find_ski(s, node, e);
	return err_set(e, REASON_SEC_TOKEN_KIND, "KeyIdentifier of ValueType %.150s",
		type ? type : "(absent)");
}

static outcome by_token(struct search *s, const xmlNode *node, struct err *e)
{
	const char *uri = security_node_value(node, "", "URI"),
		   *type = security_node_value(node, "", "ValueType");
	const xmlNode *token = s->p->token;

	s->p->form = CONF_FORM_BST;
	if (!uri || uri[0] != '#' || (type && strcmp(type, WSS_X509V3) != 0))
		return err_set(e, REASON_SEC_TOKEN_KIND, "Reference to %.100s of ValueType %.100s",
			uri ? uri : "nothing", type ? type : "(absent)");
	if (!token || envelope_by_id(s->env, bytes_str(uri + 1), false) != token)
		return err_set(e, REASON_SEC_REFERENCE,
			"%.100s is not the BinarySecurityToken beside the Signature", uri);
	if (!has_value_type(token, WSS_X509V3) || !is_base64(token))
		return err_set(e, REASON_SEC_TOKEN_KIND,
			"BinarySecurityToken is not of type X509v3 in base64");
	return find_certificate(s, token, e);
}

struct issuer_serial {
	struct bytes issuer, serial;
};

/* Issuer and serial; both empty when the element holds nothing, as some clients send beside a certificate. */
static outcome read_issuer_serial(struct search *s, const xmlNode *node, struct issuer_serial *out,
	struct err *e)
{
	const xmlNode *issuer = security_node_element(node->children);
	const xmlNode *serial = issuer ? security_node_element(issuer->next) : NULL;

	*out = (struct issuer_serial){BYTES_NONE, BYTES_NONE};
	if (!issuer)
		return DONE;
	if (!serial || !security_node_is(issuer, NS_DSIG, "X509IssuerName") ||
	    !security_node_is(serial, NS_DSIG, "X509SerialNumber") || security_node_element(serial->next) ||
	    !node_text(s->pool, issuer, &out->issuer) || !node_text(s->pool, serial, &out->serial))
		return err_set(e, REASON_SEC_TOKEN_BROKEN,
			"X509IssuerSerial is not X509IssuerName, X509SerialNumber");
	out->issuer = security_node_trim(out->issuer);
	out->serial = security_node_trim(out->serial);
	return DONE;
}

static outcome find_issuer_serial(struct search *s, const xmlNode *node, bool beside_certificate,
	struct err *e)
{
	const struct trust_cert *beside = s->cert, *named = NULL;
	struct issuer_serial is;

	TRY(read_issuer_serial(s, node, &is, e));
	if (!is.issuer.n && !is.serial.n && beside_certificate)
		return DONE;
	if (!trust_find_issuer_serial(s->trust, is.issuer, is.serial, s->now_ms, &named, e).ok &&
		!beside_certificate)
		return FAILED;
	if (beside_certificate &&
		(!named || memcmp(named->sha256, beside->sha256, sizeof named->sha256) != 0))
		return err_set(e, REASON_SEC_TOKEN_SEVERAL,
			"X509IssuerSerial does not name the X509Certificate");
	s->cert = named;
	return DONE;
}

static outcome by_x509_data(struct search *s, const xmlNode *data, struct err *e)
{
	const xmlNode *certificate = NULL, *issuer_serial = NULL;

	for (const xmlNode *c = security_node_element(data->children); c;
		c = security_node_element(c->next)) {
		const xmlNode **seat = security_node_is(c, NS_DSIG, "X509Certificate") ? &certificate :
			security_node_is(c, NS_DSIG, "X509IssuerSerial") ? &issuer_serial : NULL;

		if (!seat)
			return unsupported(c, e);
		if (*seat)
			return err_set(e, REASON_SEC_TOKEN_SEVERAL, "two %.40s elements", node_local(c));
		*seat = c;
	}
	if (!certificate && !issuer_serial)
		return err_set(e, REASON_SEC_TOKEN_KIND, "X509Data names no certificate");
	s->p->form = s->p->plain ? CONF_FORM_PLAIN :
		certificate	 ? CONF_FORM_X509_DATA :
				   CONF_FORM_ISSUER_SERIAL;
	if (certificate)
		TRY(find_certificate(s, certificate, e));
	return issuer_serial ? find_issuer_serial(s, issuer_serial, certificate != NULL, e) : DONE;
}

/* The only element child; SEC_TOKEN_KIND when there is none, SEC_TOKEN_SEVERAL when there are more. */
static outcome only_child(const xmlNode *parent, const xmlNode **out, struct err *e)
{
	*out = security_node_element(parent->children);
	if (!*out || !security_node_tidy(parent))
		return err_set(e, REASON_SEC_TOKEN_KIND, "%.40s holds no element, or text",
			node_local(parent));
	if (security_node_element((*out)->next))
		return err_set(e, REASON_SEC_TOKEN_SEVERAL, "%.40s holds more than one element",
			node_local(parent));
	return DONE;
}

static outcome by_key_info(struct search *s, struct err *e)
{
	const xmlNode *how;

	TRY(only_child(s->p->key_info, &how, e));
	if (s->p->plain)
		return security_node_is(how, NS_DSIG, "X509Data") ? by_x509_data(s, how, e) :
								    unsupported(how, e);
	if (!security_node_is(how, NS_WSSE, "SecurityTokenReference"))
		return unsupported(how, e);
	TRY(only_child(how, &how, e));
	if (security_node_is(how, NS_WSSE, "KeyIdentifier"))
		return by_key_identifier(s, how, e);
	if (security_node_is(how, NS_WSSE, "Reference"))
		return by_token(s, how, e);
	if (security_node_is(how, NS_DSIG, "X509Data"))
		return by_x509_data(s, how, e);
	return unsupported(how, e);
}

outcome security_token_find(struct pool *pool, const struct envelope *env, struct parts *p,
	struct trust *trust, int64_t now_ms, const struct trust_cert **out, struct err *e)
{
	struct search s = {.pool = pool, .env = env, .p = p, .trust = trust, .now_ms = now_ms};

	TRY(by_key_info(&s, e));
	if (p->token && p->form != CONF_FORM_BST)
		return err_set(e, REASON_SEC_TOKEN_SEVERAL,
			"KeyInfo does not use the BinarySecurityToken beside it");
	*out = s.cert;
	return DONE;
}
