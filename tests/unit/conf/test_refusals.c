/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_refusals - every mistake is one problem, in its line, in words that name it. */
#include "conf_fixture.h"

struct row {
	const char *name;
	const char *without; /* parts that the row's text replaces: j l k p s */
	const char *text;    /* stands before the other parts, so its lines are the file's */
	int line;
	const char *fragment;
};

#define LISTENER "listeners:\n  - name: main\n    listen: '127.0.0.1:1'\n"
#define PARTICIPANT "participants:\n  - name: dep\n    certificates: dep.crt\n"
#define SERVICE "services:\n  - id: Echo\n    provider: dep\n    endpoint: https://dep.example/x\n"
#define PROFILE "profiles:\n  - name: standard\n"
#define KEY "keys:\n  - name: gw\n"
#define REVOCATION "revocation: {directory: r}\n"
#define RULE "rules:\n  - name: chief\n"
#define HASH "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC"

static const struct row rows[] = {
	{"a misspelt section is named with the right one", "", "jurnal: {}\n", 1, "did you mean 'journal'?"},
	{"an unknown section far from any word has no suggestion", "", "zzzzzzzz: 1\n", 1,
		"no word 'zzzzzzzz'"},
	{"a misspelt word of a participant is named", "p", PARTICIPANT "    sender_id: x\n", 4,
		"did you mean 'sender_ids'?"},
	{"swapped letters are one mistake", "s", SERVICE "    daedline: 5s\n", 5, "did you mean 'deadline'?"},
	{"a misspelt word of the limits is named", "l", LISTENER "    limits:\n      haed: 16KiB\n", 5,
		"did you mean 'head'?"},
	{"a word twice in a mapping", "s", SERVICE "    deadline: 5s\n    deadline: 6s\n", 6,
		"first in line 5"},
	{"a section twice in the file", "", "gateway: {}\ngateway: {}\n", 2, "gateway stands twice"},
	{"a list twice in the file", "k", "keys: [{name: a, certificate: c, key: k}]\nkeys: []\n", 2,
		"keys stands twice"},
	{"an anchor", "", "gateway: &x {}\n", 1, "anchors and aliases"},
	{"a tag", "", "gateway:\n  workers: !!int 3\n", 2, "tags"},
	{"a second document", "", "gateway: {}\n---\n", 2, "a second document"},
	{"a merge key", "", "gateway:\n  <<: {workers: 3}\n", 2, "no word '<<'"},
	{"a tab as indentation", "", "gateway:\n\tworkers: 3\n", 2, "not well-formed YAML"},
	{"an open bracket", "jlkps", "listeners: [\n", 2, "not well-formed YAML"},
	{"an octet that is no UTF-8", "", "gateway:\n  zone: \"\xff\"\n", 1, "not readable as YAML"},
	{"an empty file", "jlkps", "# nothing\n", 1, "the file is empty"},
	{"a list at the top", "jlkps", "- a\n", 1, "the file is no mapping"},
	{"a text instead of a section", "", "gateway: fast\n", 1, "gateway is no mapping"},
	{"a section without words", "", "gateway:\n", 1, "gateway is no mapping"},
	{"a mapping instead of a list", "k", "keys:\n  name: a\n", 2, "keys is no list"},
	{"a text as an item of a list of mappings", "p", "participants: [dep]\nservices: []\n", 1,
		"participants[] is no mapping"},
	{"a mapping where one value belongs", "", "gateway:\n  zone: {a: b}\n", 2,
		"takes one value, not a mapping"},
	{"a list where one value belongs", "", "gateway:\n  zone: [a, b]\n", 2,
		"takes one value, not a list"},
	{"a list as a key", "", "gateway:\n  [a]: b\n", 2, "a key that is not a word"},
	{"a word without value", "", "gateway:\n  zone:\n", 2, "zone has no value"},
	{"null as a value", "", "gateway:\n  zone: null\n", 2, "zone has no value"},
	{"no journal", "j", "", 1, "journal is missing in the file"},
	{"no journal directory", "j", "journal:\n  retention: 3d\n", 2, "directory is missing in journal"},
	{"no listener", "l", "", 1, "there is no listener"},
	{"a service without provider", "s", "services:\n  - id: Echo\n    endpoint: http://a/\n", 2,
		"provider is missing in services[]"},
	{"a service without endpoint", "s", "services:\n  - {id: Echo, provider: dep}\n", 2,
		"endpoint is missing in services[]"},
	{"a handler beside a provider", "s", "services:\n  - id: Echo\n    handler: h\n    provider: dep\n", 4,
		"provider has no effect with a handler"},
	{"a handler beside an endpoint", "s", "services:\n  - id: Echo\n    handler: h\n    endpoint: http://a/\n", 4,
		"endpoint has no effect with a handler"},
	{"a handler beside actions", "s", "services:\n  - id: Echo\n    handler: h\n    actions: a\n", 4,
		"actions has no effect with a handler"},
	{"a handler of a queued service", "s",
		"queue: {socket: r, spool: s}\nservices:\n  - id: Echo\n    delivery: queued\n    handler: h\n", 5,
		"a handler answers while the caller waits"},
	{"a handler on the asynchronous channel", "s", "services:\n  - id: Echo\n    channel: async\n    handler: h\n", 4,
		"a handler answers while the caller waits"},
	{"actions on the asynchronous channel", "s",
		"services:\n  - {id: E, provider: dep, channel: async,\n     actions: a}\n", 3,
		"actions have no effect with channel: async"},
	{"queued delivery without a queue", "s",
		"services:\n  - {id: E, provider: dep, endpoint: 'http://a/', delivery: queued}\n", 2,
		"there is no queue"},
	{"an unknown retry policy", "s",
		"services:\n  - {id: E, provider: dep, endpoint: 'http://a/', retry: often}\n", 2,
		"nothing in retries[] is named 'often'"},
	{"facts for everybody on the machine", "", "admin: {listen: '127.0.0.1:1', facts: true}\n", 1,
		"facts would be told to everybody"},
	{"a node whose token travels openly", "", "nodes:\n  - {name: a, url: 'http://10.0.0.1:1'}\n", 2, "would travel"},
	{"a node's certificate without key", "", "nodes:\n  - {name: a, url: 'https://a/', certificate: c}\n", 2,
		"belong together"},
	{"two nodes of one name", "", "nodes:\n  - {name: a, url: 'https://a/'}\n  - {name: a, url: 'https://b/'}\n", 3,
		"used before"},
	{"a queue without a way to Redis", "", "queue:\n  spool: s\n", 1, "nothing says how Redis is reached"},
	{"a queue with two ways to Redis", "", "queue:\n  socket: r\n  server: 'h:1'\n  spool: s\n", 1,
		"said more than once"},
	{"a queue without spool", "", "queue:\n  socket: r\n", 2, "spool is missing in queue"},
	{"sentinels without master", "", "queue:\n  sentinels: 'h:1'\n  spool: s\n", 1, "belong together"},
	{"Redis by TLS without authority", "", "queue:\n  server: 'h:1'\n  spool: s\n  tls: true\n", 1,
		"tls needs ca"},
	{"a shard without a first Redis", "", "shards:\n  - {name: a, socket: r, holds: dep}\n", 2, "yet there is none"},
	{"a shard that is not reached", "", "queue: {socket: r, spool: s}\nshards:\n  - {name: a, holds: dep}\n", 3,
		"nothing says how Redis is reached"},
	{"a shard of what is not there", "",
		"queue: {socket: r, spool: s}\nshards:\n  - {name: a, socket: r, holds: nobody}\n", 3,
		"is named 'nobody'"},
	{"two shards that hold the same", "",
		"queue: {socket: r, spool: s}\nshards:\n  - {name: a, socket: r, holds: dep}\n"
		"  - {name: b, socket: r, holds: dep}\n", 4, "held by the shard a"},
	{"a first wait beyond the longest", "", "retries:\n  - {name: standard, initial: 2h}\n", 2,
		"the first wait is longer than the longest"},
	{"messages sent to no endpoint", "p",
		"participants:\n  - {name: dep, certificates: c, async: {mode: push}}\n", 2,
		"mode: push needs an endpoint"},
	{"an asynchronous participant without a queue", "p",
		"participants:\n  - {name: dep, certificates: c, async: {mode: pull}}\n", 2, "there is no queue"},
	{"an unknown retry policy of a participant", "p",
		"participants:\n  - {name: dep, certificates: c, async: {retry: often}}\n", 2,
		"nothing in retries[] is named 'often'"},
	{"an asynchronous service with an endpoint", "s",
		"services:\n  - {id: E, provider: dep, endpoint: 'http://a/', channel: async}\n", 2,
		"endpoint has no effect with channel: async"},
	{"a synchronous service with a mode", "s",
		"services:\n  - {id: E, provider: dep, endpoint: 'http://a/', mode: pull}\n", 2,
		"mode has no effect with channel: sync"},
	{"revocation without sources", "", REVOCATION, 1, "there are no sources"},
	{"revocation without a folder", "", "revocation: {}\n", 1, "directory is missing in revocation"},
	{"sources without revocation", "", "sources:\n  - {name: a, issuer: i, crl: 'http://a/'}\n", 2,
		"sources have no effect"},
	{"a source without address", "", REVOCATION "sources:\n  - {name: a, issuer: i}\n", 3, "has no address"},
	{"a source without issuer", "", REVOCATION "sources:\n  - {name: a, crl: 'http://a/'}\n", 3, "issuer is missing"},
	{"a delta without its list", "",
		REVOCATION "sources:\n  - {name: a, issuer: i, ocsp: 'http://a/', delta: 'http://a/'}\n",
		3, "delta continues a list"},
	{"a responder that is not asked", "", REVOCATION "sources:\n  - {name: a, issuer: i, crl: 'http://a/', responder: r}\n",
		3, "responder has no effect"},
	{"a nonce for a list", "", REVOCATION "sources:\n  - {name: a, issuer: i, crl: 'http://a/', nonce: needed}\n", 3,
		"no effect without ocsp"},
	{"an unknown digest of a source", "",
		REVOCATION "sources:\n  - {name: a, issuer: i, ocsp: 'http://a/', digest: md5}\n", 3, "unknown value 'md5'"},
	{"two sources of one name", "",
		REVOCATION "sources:\n  - {name: a, issuer: i, crl: 'http://a/'}\n  - {name: a, issuer: k, crl: 'http://a/'}\n", 4,
		"is used before"},
	{"two sources of one issuer", "",
		REVOCATION "sources:\n  - {name: a, issuer: i, crl: 'http://a/'}\n  - {name: b, issuer: i, crl: 'http://b/'}\n", 4,
		"the issuer has a source before"},
	{"the last good answer of any age", "",
		PROFILE "    outage: last-good\n" REVOCATION "sources: [{name: a, issuer: i, crl: 'http://a/'}]\n", 3,
		"needs outage_age"},
	{"an age without last-good", "",
		PROFILE "    outage: mark\n    outage_age: 1h\n" REVOCATION "sources: [{name: a, issuer: i, crl: 'http://a/'}]\n", 4,
		"outage_age has no effect"},
	{"an outage policy without revocation", "", PROFILE "    outage: mark\n", 3, "outage has no effect"},
	{"an admin section without address", "", "admin: {}\n", 1, "listen is missing in admin"},
	{"an admin listener that all may reach", "", "admin: {listen: '0.0.0.0:1'}\n", 1, "nothing asks who they are"},
	{"one of another address", "", "admin: {listen: '10.0.0.1:1'}\n", 1, "nothing asks who they are"},
	{"one of every address of IPv6", "", "admin: {listen: '[::]:1'}\n", 1, "nothing asks who they are"},
	{"one of a name that may mean anything", "", "admin: {listen: 'localhost.example:1'}\n", 1,
		"nothing asks who they are"},
	{"one with a certificate that asks for none", "",
		"admin: {listen: '10.0.0.1:1', tls: server, certificate: c, key: k}\n", 1, "nothing asks who they are"},
	{"a token that travels in clear", "", "admin: {listen: '10.0.0.1:1', token_file: /t}\n", 1, "would travel to 10.0.0.1"},
	{"an admin listener that asks for certificates of nobody", "",
		"admin: {listen: '10.0.0.1:1', tls: mutual, certificate: c, key: k}\n", 1, "needs client_ca"},
	{"an admin listener with TLS and no key", "", "admin: {listen: '127.0.0.1:1', tls: server}\n", 1,
		"no certificate and key"},
	{"a duration without unit", "", "gateway:\n  drain: 5\n", 2, "drain: '5' is not a duration"},
	{"a duration with a space", "", "gateway:\n  drain: 5 s\n", 2, "drain: '5 s' is not a duration"},
	{"a duration with a fraction", "", "gateway:\n  drain: 1.5s\n", 2, "drain: '1.5s' is not a duration"},
	{"a negative duration", "", "gateway:\n  drain: -5s\n", 2, "drain: '-5s' is not a duration"},
	{"a duration beyond its range", "", "gateway:\n  drain: 11m\n", 2, "not between 0s and 10m"},
	{"a duration beyond 63 bits", "", "gateway:\n  drain: 99999999999999999999d\n", 2,
		"is not a duration"},
	{"a product beyond 63 bits", "", "gateway:\n  memory: 9223372036854775807GiB\n", 2, "is not a size"},
	{"a size in decimal units", "", "gateway:\n  memory: 64MB\n", 2, "'64MB' is not a size"},
	{"a size below its range", "", "gateway:\n  memory: 64KiB\n", 2, "not between 1MiB and 1024GiB"},
	{"a number with a leading zero", "", "gateway:\n  workers: 08\n", 2, "workers: '08' is not a number"},
	{"a number with a unit", "", "gateway:\n  workers: 8s\n", 2, "workers: '8s' is not a number"},
	{"a hexadecimal number", "", "gateway:\n  workers: 0x8\n", 2, "is not a number"},
	{"retention in hours", "j", "journal:\n  directory: j\n  retention: 48h\n", 3,
		"is not a number of days"},
	{"yes as a boolean", "p", PARTICIPANT "    diagnostics: yes\n", 4, "'yes' is neither true nor false"},
	{"True as a boolean", "p", PARTICIPANT "    diagnostics: True\n", 4,
		"'True' is neither true nor false"},
	{"an unknown log level", "", "gateway:\n  log_level: warn\n", 2, "unknown value 'warn'"},
	{"a misspelt form", "", PROFILE "    accept: [key-identifer]\n", 3, "did you mean 'key-identifier'?"},
	{"no form at all", "", PROFILE "    accept: []\n", 3, "accept is empty"},
	{"signing in form plain", "", PROFILE "    sign: plain\n", 3, "sign: unknown value 'plain'"},
	{"an unknown algorithm", "", PROFILE "    algorithm: rsa-sha1\n", 3,
		"algorithm: unknown value 'rsa-sha1'"},
	{"a listener without port", "l", "listeners:\n  - name: main\n    listen: 127.0.0.1\n", 3,
		"no address with a port"},
	{"a port beyond 65535", "l", "listeners:\n  - name: main\n    listen: 'a:65536'\n", 3,
		"no address with a port"},
	{"an IPv6 address without brackets", "l", "listeners:\n  - name: main\n    listen: '::1:80'\n", 3,
		"no address with a port"},
	{"a network with bits behind its prefix", "l", LISTENER "    proxies: [192.0.2.1, 192.0.2.1/24]\n", 4,
		"no address and no network"},
	{"TLS without certificate", "l", LISTENER "    tls: server\n", 4, "no certificate and key"},
	{"mutual TLS without the clients' authorities", "l",
		LISTENER "    tls: mutual\n    certificate: c\n    key: k\n", 4, "needs client_ca"},
	{"certificate files without TLS", "l", LISTENER "    certificate: c\n", 2, "TLS is off"},
	{"clients' authorities without mutual TLS", "l",
		LISTENER "    tls: server\n    certificate: c\n    key: k\n    client_ca: a\n", 7,
		"no effect"},
	{"a sync_path without slash", "l", LISTENER "    sync_path: sync\n", 4, "no path of a URL"},
	{"a public_url with a fragment", "l", LISTENER "    public_url: http://a/#b\n", 4,
		"no http or https address"},
	{"two listeners of one name", "l", LISTENER "  - name: main\n    listen: '127.0.0.1:2'\n", 4,
		"is used before"},
	{"two keys of one name", "k",
		"keys:\n  - {name: gw, certificate: c, key: k}\n  - {name: gw, certificate: c, key: k}\n"
		"participants: [{name: dep, certificates: c, key: gw}]\n",
		3, "qaqpa.yaml line 2"},
	{"two participants of one name", "p", PARTICIPANT "  - name: dep\n    certificates: c\n", 4,
		"line 2"},
	{"two services of one id", "s", SERVICE "  - id: Echo\n    provider: dep\n    endpoint: http://a/\n",
		5, "line 2"},
	{"one senderId of two participants", "p",
		PARTICIPANT "    sender_ids: a\n  - name: two\n    certificates: c\n    sender_ids:\n      - "
			    "b\n      - a\n",
		9, "'a' is used before, by 'dep' in"},
	{"one senderId twice", "p", PARTICIPANT "    sender_ids: [a, a]\n", 4, "'a' is used before"},
	{"an unknown provider", "s", "services:\n  - {id: Echo, provider: dpe, endpoint: 'http://a/'}\n", 2,
		"did you mean 'dep'?"},
	{"an unknown profile", "p", PARTICIPANT "    profile: standart\n", 4, "did you mean 'standard'?"},
	{"an unknown key", "p", PARTICIPANT "    key: gv\n", 4, "did you mean 'gw'?"},
	{"an unknown service in may_call", "p", PARTICIPANT "    may_call:\n      - Echo\n      - echo\n", 6,
		"did you mean 'Echo'?"},
	{"several keys and none named", "k",
		"keys:\n  - {name: a, certificate: c, key: k}\n  - {name: b, certificate: c, key: k}\n", 6,
		"the participant has no key"},
	{"no key at all", "k", "", 3, "there is none"},
	{"no profile named standard", "", "profiles:\n  - name: old\n", 6, "none is named standard"},
	{"a participant without certificates", "p", "participants:\n  - name: dep\n", 2,
		"nothing tells which certificates"},
	{"an issuer without number", "p", PARTICIPANT "    issuer: ca.crt\n", 4, "issuer alone"},
	{"a number without issuer", "p", PARTICIPANT "    bin: '123456789025'\n", 4, "bin has no effect"},
	{"a BIN with a wrong check digit", "p",
		PARTICIPANT "    issuer: i\n    iin: '123456789025'\n    bin: '123456789022'\n", 6,
		"12 digits with a right check digit"},
	{"a password in clear", "p", PARTICIPANT "    password_hash: secret\n", 4, "no password hash"},
	{"a name with a space", "p", "participants:\n  - name: the dep\n    certificates: c\nservices: []\n",
		2, "is no name"},
	{"an empty id", "s", "services:\n  - {id: '', provider: dep, endpoint: 'http://a/'}\n", 2,
		"has 0 octets"},
	{"a NUL in a text", "", "gateway:\n  zone: \"a\\0b\"\n", 2, "control character"},
	{"an endpoint of another scheme", "s",
		"services:\n  - {id: E, provider: dep, endpoint: 'ftp://a/'}\n", 2, "no http or https"},
	{"an endpoint without host", "s", "services:\n  - {id: E, provider: dep, endpoint: 'http:///x'}\n", 2,
		"no http or https"},
	{"an endpoint with a user", "s", "services:\n  - {id: E, provider: dep, endpoint: 'http://u:p@a/'}\n",
		2, "no http or https"},
	{"an endpoint with a space", "s", "services:\n  - {id: E, provider: dep, endpoint: 'http://a/ b'}\n",
		2, "no http or https"},
	{"tls on an http endpoint", "s",
		"services:\n  - id: E\n    provider: dep\n    endpoint: http://a/\n    tls: {ca: c}\n", 5,
		"no effect on an http endpoint"},
	{"half of a client certificate", "s", SERVICE "    tls:\n      certificate: c\n", 6,
		"only one of certificate and key"},
	{"a key from nowhere", "k", "keys:\n  - name: gw\n", 2, "nothing says where the key is"},
	{"a key from two places", "k", KEY "    key: k\n    pkcs12: p\n    password_file: w\n", 2, "more than once"},
	{"a key without its certificate", "k", KEY "    key: k\n", 2, "key needs certificate"},
	{"a certificate beside a PKCS#12 file", "k",
		KEY "    pkcs12: p\n    password_file: w\n    certificate: c\n", 5, "certificate has no effect"},
	{"a PKCS#12 file without password", "k", KEY "    pkcs12: p\n", 2, "pkcs12 needs password_file"},
	{"a token without module", "k", KEY "    pkcs11: 'pkcs11:token=a'\n    pin_file: p\n", 2,
		"pkcs11 needs module"},
	{"a token without PIN", "k", KEY "    pkcs11: 'pkcs11:token=a'\n    module: m\n", 2, "pkcs11 needs module"},
	{"a password for a token", "k",
		KEY "    pkcs11: 'pkcs11:token=a'\n    module: m\n    pin_file: p\n    password_file: w\n", 6,
		"password_file has no effect"},
	{"a module without token", "k", KEY "    key: k\n    certificate: c\n    module: m\n", 5,
		"module has no effect"},
	{"a PIN without token", "k", KEY "    key: k\n    certificate: c\n    pin_file: p\n", 5,
		"pin_file has no effect"},
	{"a token by its name", "k", KEY "    pkcs11: gateway\n", 3, "no pkcs11: URI"},
	{"a PIN in the URI", "k", KEY "    pkcs11: 'pkcs11:token=a?pin-value=1'\n", 3, "no query and no PIN"},
	{"two modules", "k",
		KEY "    pkcs11: 'pkcs11:token=a'\n    module: m\n    pin_file: p\n    successor: b\n"
		    "    successor_from: 2030-01-01T00:00:00Z\n"
		    "  - {name: b, pkcs11: 'pkcs11:token=b', module: n, pin_file: p}\n",
		8, "module: key gw has another one"},
	{"a successor without moment", "k",
		KEY "    key: k\n    certificate: c\n    successor: b\n  - {name: b, key: k, certificate: c}\n", 5,
		"belong together"},
	{"a moment without successor", "k",
		KEY "    key: k\n    certificate: c\n    successor_from: 2030-01-01T00:00:00Z\n", 5, "belong together"},
	{"a moment without offset", "k",
		KEY "    key: k\n    certificate: c\n    successor_from: 2030-01-01T00:00:00\n", 5,
		"no moment with an offset"},
	{"a key that follows itself", "k",
		"keys:\n  - {name: a, key: k, certificate: c}\n  - name: gw\n    key: k\n    certificate: c\n"
		"    successor: gw\n    successor_from: 2030-01-01T00:00:00Z\n"
		"participants: [{name: dep, certificates: c, key: gw}]\n",
		6, "follows itself"},
	{"an unknown successor", "k",
		KEY "    key: k\n    certificate: c\n    successor: gv\n    successor_from: 2030-01-01T00:00:00Z\n", 5,
		"did you mean 'gw'?"},
	{"a rule that demands nothing", "", "rules:\n  - {name: any}\n", 2, "the rule demands nothing"},
	{"a rule that demands non-repudiation: false", "", RULE "    non_repudiation: false\n", 2,
		"the rule demands nothing"},
	{"an unknown subject", "", RULE "    subjects: [person, clerk]\n", 3, "subjects: unknown value 'clerk'"},
	{"no subject at all", "", RULE "    subjects: []\n", 3, "subjects is empty"},
	{"a role by its name", "", RULE "    any_of: [director]\n", 3, "'director' is no object identifier"},
	{"an object identifier of one arc", "", RULE "    all_of: ['1']\n", 3, "'1' is no object identifier"},
	{"an object identifier with a leading zero", "", RULE "    any_of: 1.2.098\n", 3,
		"'1.2.098' is no object identifier"},
	{"an object identifier that ends in a dot", "", RULE "    policies: '1.2.398.'\n", 3,
		"'1.2.398.' is no object identifier"},
	{"an object identifier with an empty arc", "", RULE "    any_of: '1..2'\n", 3, "is no object identifier"},
	{"an object identifier of an arc that there is not", "", RULE "    any_of: 3.2.1\n", 3,
		"is no object identifier"},
	{"a BIN with a wrong check digit", "", RULE "    bins: ['200440000015', '200440000016']\n", 3,
		"bins: the value is not 12 digits with a right check digit"},
	{"two rules of one name", "", RULE "    own_bin: true\n  - {name: chief, own_bin: true}\n", 4,
		"is used before"},
	{"an unknown rule of a profile", "", RULE "    own_bin: true\n" PROFILE "    rule: cheif\n", 6,
		"did you mean 'chief'?"},
	{"an unknown rule of a service", "s", SERVICE "    inner:\n      accept: cms\n      rules:\n        - chief\n", 8,
		"nothing in rules[] is named 'chief'"},
	{"stamps without an authority", "s", SERVICE "    timestamp: true\n", 5, "there is no time-stamp authority"},
	{"stamps that nothing says where to keep", "", "timestamp: {url: 'http://a/', authorities: a}\n", 1,
		"directory is missing in timestamp"},
	{"stamps that no certificate may give", "", "timestamp: {directory: d, url: 'http://a/'}\n", 1,
		"authorities is missing in timestamp"},
	{"stamps that an empty list may give", "", "timestamp: {directory: d, url: 'http://a/', authorities: []}\n", 1,
		"no token could be trusted"},
	{"stamps under a policy that is a name", "",
		"timestamp: {directory: d, url: 'http://a/', authorities: a, policy: gost}\n", 1, "no object identifier"},
	{"stamps over a digest that is too weak", "",
		"timestamp: {directory: d, url: 'http://a/', authorities: a, digest: sha1}\n", 1, "unknown value 'sha1'"},
	{"stamps whose first wait is too long", "",
		"timestamp: {directory: d, url: 'http://a/', authorities: a, initial: 1h, max_interval: 1m}\n", 1,
		"the first wait is longer than the longest"},
	{"inner signatures without rules", "s", SERVICE "    inner: {accept: cms}\n", 5, "nothing says whose"},
	{"inner signatures with no rule in the list", "s", SERVICE "    inner: {accept: cms, rules: []}\n", 5,
		"nothing says whose"},
	{"inner signatures without forms", "s", RULE "    own_bin: true\n" SERVICE "    inner: {rules: chief}\n", 8,
		"accept is missing"},
	{"inner signatures of answers without forms", "s", SERVICE "    inner: {answers: true}\n", 5,
		"accept is missing"},
	{"an unknown form of inner signatures", "s",
		RULE "    own_bin: true\n" SERVICE "    inner: {accept: [xades], rules: chief}\n", 8,
		"accept: unknown value 'xades'"},
	{"the place of a CMS that is not accepted", "s",
		RULE "    own_bin: true\n" SERVICE "    inner: {accept: by-id, rules: chief, cms: sign}\n", 8,
		"cms has no effect"},
	{"an element for XML signatures that are not accepted", "s",
		RULE "    own_bin: true\n" SERVICE "    inner: {accept: cms, rules: chief, covers: doc}\n", 8,
		"covers has no effect"},
	{"a prefix in a local name", "s",
		RULE "    own_bin: true\n" SERVICE "    inner: {accept: by-id, rules: chief, covers: 'a:doc'}\n", 8,
		"no local name"},
	{"a rule that is a mapping", "s", SERVICE "    inner: {accept: by-id, rules: [{name: chief}]}\n", 5,
		"rules takes one value, not a mapping"},
	{"an include folder that is not there", "", "include: nowhere\n", 1, "nowhere cannot be read"},
};

static void row_text(const struct row *row, char *out, size_t room)
{
	static const struct {
		char letter;
		const char *text;
	} parts[] = {{'j', PART_JOURNAL}, {'l', PART_LISTENERS}, {'k', PART_KEYS}, {'p', PART_PARTICIPANTS},
		{'s', PART_SERVICES}};
	size_t n = (size_t)snprintf(out, room, "%s", row->text);

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char word[16];

		snprintf(word, sizeof word, "%.*s", (int)strcspn(parts[i].text, " "), parts[i].text);
		if (!strchr(row->without, parts[i].letter) && !strstr(row->text, word))
			n += (size_t)snprintf(out + n, room - n, "%s", parts[i].text);
	}
	assert_true(n < room);
}

static bool row_holds(const struct row *row)
{
	struct fixture f;
	char text[2000];
	bool right;

	row_text(row, text, sizeof text);
	fixture_read(&f, text);
	right = !f.ok && f.problems->errors == 1 && f.problems->n == 1 &&
		f.problems->list[0].at.line == row->line &&
		strstr(f.problems->list[0].at.file, "qaqpa.yaml") &&
		strstr(f.problems->list[0].what, row->fragment) && f.problems->list[0].remedy[0] &&
		!f.problems->list[0].warning;
	if (!right) {
		print_message("%s: wanted line %d and '%s', got %zu:\n", row->name, row->line, row->fragment,
			f.problems->n);
		fixture_print(&f);
	}
	fixture_drop(&f);
	return right;
}

static void each_mistake_is_one_problem_in_its_line(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		wrong += !row_holds(&rows[i]);
	assert_int_equal(wrong, 0);
}

static void all_mistakes_are_found_in_one_go_and_sorted(void **state)
{
	struct fixture f;

	(void)state;
	fixture_read(&f,
		"services:\n  - {id: Echo, provider: dpe, endpoint: 'gopher://a/'}\nkyes: []\n"
		"gateway: {workers: 99, drain: x}\n" PART_LISTENERS PART_KEYS PART_PARTICIPANTS);
	assert_false(f.ok);
	assert_int_equal(f.e.reason, REASON_CONFIG);
	assert_non_null(strstr(f.e.detail, "6 errors"));
	assert_int_equal(f.problems->errors, 6);
	for (size_t i = 1; i < f.problems->n; i++)
		assert_true(f.problems->list[i - 1].at.line <= f.problems->list[i].at.line);
	fixture_drop(&f);
}

static void hashes_in_a_file_that_all_may_read_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	fixture_make(&f);
	fixture_write(&f, "qaqpa.yaml",
		bytes_str(PARTICIPANT "    password_hash: " HASH "\n" PART_JOURNAL PART_LISTENERS PART_KEYS));
	fixture_load(&f);
	assert_true(f.ok);
	conf_free(&f.conf);
	assert_int_equal(chmod(f.path, 0644), 0);
	fixture_load(&f);
	assert_false(f.ok);
	assert_int_equal(f.e.reason, REASON_IO);
	assert_int_equal(f.problems->n, 1);
	assert_int_equal(f.problems->list[0].at.line, 4);
	assert_null(strstr(f.problems->list[0].what, "j9T"));
	fixture_drop(&f);
}

static void an_unreadable_file_says_so(void **state)
{
	struct fixture f;

	(void)state;
	fixture_make(&f);
	fixture_load(&f);
	assert_false(f.ok);
	assert_int_equal(f.e.reason, REASON_IO);
	assert_int_equal(f.problems->errors, 1);
	assert_non_null(strstr(f.problems->list[0].what, "No such file"));
	fixture_drop(&f);
}

static void more_than_a_thousand_problems_are_counted(void **state)
{
	SCOPED(buf_free) struct buf text = BUF(1 << 20);
	struct fixture f;

	(void)state;
	for (int i = 0; i < 1500; i++)
		buf_printf(&text, "wrong%d: 1\n", i);
	fixture_read(&f, buf_cstr(&text));
	assert_false(f.ok);
	assert_int_equal(f.problems->n, 1000);
	assert_true(f.problems->errors >= 1500);
	fixture_drop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_one_problem_in_its_line),
		cmocka_unit_test(all_mistakes_are_found_in_one_go_and_sorted),
		cmocka_unit_test(hashes_in_a_file_that_all_may_read_are_refused),
		cmocka_unit_test(an_unreadable_file_says_so),
		cmocka_unit_test(more_than_a_thousand_problems_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
