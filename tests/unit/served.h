/* SPDX-License-Identifier: GPL-3.0-or-later */
/* served - qaqpa-authority as a process: a folder of certificates and its services, with troubles on demand. Include after
 * cm.h. */
#ifndef QAQPA_TESTS_SERVED_H
#define QAQPA_TESTS_SERVED_H

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/clock.h"

#define SERVED_WORDS 8
#define SERVED_START_MS 20000

struct served {
	char home[64], folder[96], url[64];
	pid_t pid;
};

static inline pid_t served_launch(char *const words[])
{
	static char program[] = BINARY_DIR "/bin/qaqpa-authority";
	pid_t pid = fork();

	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
		execv(program, words);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* Runs a command of the authority over the folder: verb, folder, words; ends with NULL. */
static inline void served_command(struct served *s, const char *verb, ...)
{
	char *words[SERVED_WORDS] = {strdup("qaqpa-authority"), strdup(verb), strdup(s->folder)};
	int n = 3, status = -1;
	const char *word;
	va_list list;

	va_start(list, verb);
	while ((word = va_arg(list, const char *)) != NULL) {
		assert_true(n < SERVED_WORDS - 1);
		words[n++] = strdup(word);
	}
	va_end(list);
	assert_true(waitpid(served_launch(words), &status, 0) > 0);
	for (int i = 0; i < n; i++)
		free(words[i]);
	assert_int_equal(status, 0);
}

static inline int served_port(const char *path)
{
	FILE *file = fopen(path, "r");
	int port = 0;

	if (file && fscanf(file, "%d", &port) != 1)
		port = 0;
	if (file)
		fclose(file);
	return port;
}

static inline void served_start(struct served *s, const char *algorithm)
{
	char port[160];
	char *words[] = {(char[]){"qaqpa-authority"}, (char[]){"serve"}, (char[]){"--print-port-file"}, port, s->folder, NULL};
	int64_t until;

	snprintf(s->home, sizeof(s->home), "/tmp/qaqpa-served-XXXXXX");
	assert_non_null(mkdtemp(s->home));
	snprintf(s->folder, sizeof(s->folder), "%s/pki", s->home);
	snprintf(port, sizeof(port), "%s/port", s->home);
	served_command(s, "make", "--algorithm", algorithm, NULL);
	s->pid = served_launch(words);
	for (until = mono_ms() + SERVED_START_MS; served_port(port) == 0 && mono_ms() < until;)
		usleep(5000);
	assert_int_not_equal(served_port(port), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d", served_port(port));
}

static inline int served_remove(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static inline void served_stop(struct served *s)
{
	int status = -1;

	kill(s->pid, SIGTERM);
	assert_true(waitpid(s->pid, &status, 0) > 0);
	assert_int_equal(status, 0);
	assert_int_equal(nftw(s->home, served_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline const char *served_path(const struct served *s, const char *name, char out[160])
{
	snprintf(out, 160, "%s/%s.crt", s->folder, name);
	return out;
}

/* DER of a certificate; OPENSSL_free. */
static inline struct bytes served_der(const struct served *s, const char *name)
{
	char path[160];
	BIO *in = BIO_new_file(served_path(s, name, path), "r");
	X509 *x = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	unsigned char *der = NULL;
	int n;

	assert_non_null(x);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	X509_free(x);
	BIO_free(in);
	return (struct bytes){der, (size_t)n};
}

#endif
