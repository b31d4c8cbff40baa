/* SPDX-License-Identifier: GPL-3.0-or-later */
/* authority_entity - who is in the PKI, from the table. */
#include "authority.h"

const char *const authority_algorithms[ALGORITHM_COUNT] = {"gost", "rsa", "ec"};

const struct entity authority_entities[] = {
#define E(name, key, issuer, profile, purposes, subject, life) {name, key, issuer, profile, purposes, subject, life},
#include "authority_entities.def"
#undef E
	{0},
};

const struct issuer_row authority_issuers[] = {
	{"issuing", "ocsp"},
	{"root", "root"},
	{"issuing-2004", "ocsp-2004"},
	{"root-2004", "root-2004"},
	{0},
};

const char authority_listing[] =
	"authorities       root issuing tls-ca\n"
	"services          ocsp tsa\n"
	"own keys          gateway gateway-ec                             BIN 200140000014\n"
	"permits system    permits                                        BIN 200240000018\n"
	"monitoring        monitoring                                     BIN 200340000011\n"
	"department        department department-ec department-ec384      BIN 200440000015\n"
	"  its people      employee IIN 850202300024, head IIN 750404300041,\n"
	"                  treasury-user IIN 800303300034 role ROLE01\n"
	"  of the treasury treasury-head ROLE10, treasury-finance ROLE20, treasury-second ROLE21, treasury-planner ROLE13,\n"
	"                  treasury-officer ROLE02, treasury-deputy ROLE10 by power, treasury-accountant ROLE27,\n"
	"                  treasury-auth (the head's other key), treasury-stranger of BIN 200540000019\n"
	"person            person                                         IIN 900101300017\n"
	"must be refused   other-system                                   BIN 200540000019\n"
	"must be refused   attacker-ca attacker-own-ca expired future no-signing-usage rsa1024\n"
	"revocation        revoked (keyCompromise) on-hold (certificateHold)\n"
	"false services    attacker-ocsp attacker-tsa\n"
	"TLS               tls-server (localhost, 127.0.0.1, ::1) tls-client\n";

const struct entity *entity_named(const char *name)
{
	for (const struct entity *who = authority_entities; who->name; who++) {
		if (strcmp(who->name, name) == 0)
			return who;
	}
	return NULL;
}

bool entity_belongs(const struct entity *who, enum authority_algorithm a)
{
	return who->key != KEY_GOST_2004 || a == ALGORITHM_GOST;
}
