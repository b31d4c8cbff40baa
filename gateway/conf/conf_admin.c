/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_admin - the listener for health and metrics, and what TLS demands of any listener.
 * Promise:  nobody but the machine itself reaches the admin listener without proving who he is. */
#include <stdio.h>

#include "base/address.h"
#include "conf/conf_int.h"

void conf_check_tls(struct conf_reading *r, struct conf_at at, const char *what, const struct conf_tls_files *f)
{
	if (f->tls == CONF_TLS_OFF && (f->certificate || f->key || f->client_ca))
		conf_error(r, at, "Write tls: server or tls: mutual, or remove the files.",
			"%s has certificate files, yet TLS is off", what);
	if (f->tls != CONF_TLS_OFF && (!f->certificate || !f->key))
		conf_error(r, at, "Name both PEM files.", "%s has TLS, yet no certificate and key", what);
	if (f->tls == CONF_TLS_MUTUAL && !f->client_ca)
		conf_error(r, at, "Name the PEM file of the clients' authorities in client_ca.",
			"%s: tls: mutual needs client_ca", what);
	if (f->tls == CONF_TLS_SERVER && f->client_ca)
		conf_error(r, at, "Write tls: mutual, or remove client_ca.", "%s: client_ca has no effect with tls: server", what);
}

/* By number: what a name means is somebody else's to say, but for this one. */
static bool is_loopback(const char *host)
{
	static const struct address six = {{[15] = 1}};
	struct address a;

	if (!address_read(bytes_str(host), &a))
		return strcmp(host, "localhost") == 0;
	return address_is_v4(a) ? a.octets[12] == 127 : memcmp(&a, &six, sizeof a) == 0;
}

/* The host of an http:// address is this machine. */
static bool is_here(const char *url)
{
	const char *from = url + strlen("http://");
	bool six = *from == '[';
	char host[256];

	snprintf(host, sizeof host, "%.*s", (int)strcspn(from + six, six ? "]" : ":/"), from + six);
	return is_loopback(host);
}

void conf_check_node(struct conf_reading *r, const struct conf_item *item)
{
	const struct conf_node *n = item->target;

	if (item->faulty)
		return;
	if (strncmp(n->url, "http://", 7) == 0 && !is_here(n->url))
		conf_error(r, conf_item_at(item, "url"), "Write https://, and the authority in ca.",
			"the token and the facts would travel from %s for everybody to read", n->url);
	if (!n->tls_certificate != !n->tls_key)
		conf_error(r, n->at, "Name both PEM files, or none.", "certificate and key belong together");
}

void conf_check_admin(struct conf_reading *r)
{
	struct conf_admin *a = &r->conf->admin;
	const struct conf_tls_files files = {a->tls, a->certificate, a->key, a->client_ca};
	struct conf_at at = {r->conf->path, 1};

	conf_split_address(r, &a->host, &a->port);
	if (!a->host)
		return;
	conf_check_tls(r, at, "admin", &files);
	if (a->facts && !a->token_file && a->tls != CONF_TLS_MUTUAL)
		conf_error(r, at, "Name a token_file, or write tls: mutual.",
			"admin: facts would be told to everybody on this machine");
	if (is_loopback(a->host) || a->tls == CONF_TLS_MUTUAL)
		return;
	if (!a->token_file)
		conf_error(r, at, "Listen on 127.0.0.1 or [::1], write tls: mutual, or name a token_file.",
			"admin: others reach %s, and nothing asks who they are", a->host);
	else if (a->tls == CONF_TLS_OFF)
		conf_error(r, at, "Listen on 127.0.0.1 or [::1], or write tls: server.",
			"admin: the token would travel to %s for everybody to read", a->host);
}
