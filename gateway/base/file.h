/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file - small files of our own folders that survive a power cut.
 *
 * Names are one part of a path and do not begin with a dot: what begins with one is a file that was being made. Any
 * thread, any process.
 */
#ifndef QAQPA_BASE_FILE_H
#define QAQPA_BASE_FILE_H

#include "base/bytes.h"

/* The folder is made with mode 0700 unless it is there. Fails with REASON_IO, also when everybody may come in. */
MUST_USE outcome file_folder(const char *directory, struct err *e);
/* All of it and fsync; errno says why not. */
MUST_USE bool file_write(int fd, struct bytes octets);
/* A whole file appears under the name or none; both file and folder are on disk when it returns. A file of that name is
 * left as it is, and `*made` is false. Fails with REASON_IO. */
MUST_USE outcome file_create(const char *directory, const char *name, struct bytes octets, bool *made, struct err *e);
/* Appends the file, which may not be longer than `most`. Fails with REASON_IO, REASON_MEMORY. */
MUST_USE outcome file_read(const char *directory, const char *name, size_t most, struct buf *out, struct err *e);
void file_close(int *fd); /* fit for SCOPED; takes -1 */

#endif
