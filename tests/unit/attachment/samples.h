/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small files of every kind, made here: real enough that other programs know them (test_oracle.c). */
#ifndef QAQPA_TEST_ATTACHMENT_SAMPLES_H
#define QAQPA_TEST_ATTACHMENT_SAMPLES_H

#include <stdio.h>

#include "../cm.h"

#include "attachment/attachment_int.h"

#define SAMPLE_MOST ((size_t)1 << 20)

static inline void add_le(struct buf *b, uint64_t v, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		buf_char(b, (char)(v >> 8 * i & 255));
}

static inline void add_hex(struct buf *b, const char *hex) { assert_true(hex_decode(bytes_str(hex), b)); }

static inline void add_zeros(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(b, 0);
}

static inline uint32_t crc_of(const char *s)
{
	uint32_t crc = ~UINT32_C(0);

	for (; *s; s++) {
		crc ^= (unsigned char)*s;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
	}
	return ~crc;
}

/* Fields that a local header and an entry of the directory share. */
static inline void add_zip_fields(struct buf *b, const char *name, const char *content)
{
	add_le(b, 20, 2);
	add_le(b, 0, 4);
	add_le(b, UINT32_C(0x5A6A6000), 4);
	add_le(b, crc_of(content), 4);
	add_le(b, strlen(content), 4);
	add_le(b, strlen(content), 4);
	add_le(b, strlen(name), 2);
	add_le(b, 0, 2);
}

/* A stored ZIP file at the end of `b`; `members` is name, content, name, content, ..., NULL. */
static inline void add_zip(struct buf *b, const char *const *members)
{
	size_t start = b->len, at[16], n = 0, directory;

	for (; members[2 * n]; n++) {
		at[n] = b->len - start;
		buf_add(b, BYTES_LIT("PK\x03\x04"));
		add_zip_fields(b, members[2 * n], members[2 * n + 1]);
		buf_str(b, members[2 * n]);
		buf_str(b, members[2 * n + 1]);
	}
	directory = b->len - start;
	for (size_t i = 0; i < n; i++) {
		buf_add(b, BYTES_LIT("PK\x01\x02"));
		add_le(b, 20, 2);
		add_zip_fields(b, members[2 * i], members[2 * i + 1]);
		add_zeros(b, 10);
		add_le(b, at[i], 4);
		buf_str(b, members[2 * i]);
	}
	buf_add(b, BYTES_LIT("PK\x05\x06\0\0\0\0"));
	add_le(b, n, 2);
	add_le(b, n, 2);
	add_le(b, b->len - start - 12 - directory, 4);
	add_le(b, directory, 4);
	add_le(b, 0, 2);
}

#define MEMBERS(...) ((const char *const[]){__VA_ARGS__, NULL, NULL})

/* A PDF of one empty page, with right offsets; `more` stands in its catalogue. */
static inline void add_pdf(struct buf *b, const char *more)
{
	size_t start = b->len, at[4], table;

	buf_add(b, BYTES_LIT("%PDF-1.4\n%\xE2\xE3\xCF\xD3\n"));
	at[1] = b->len - start;
	buf_printf(b, "1 0 obj\n<< /Type /Catalog /Pages 2 0 R %s >>\nendobj\n", more);
	at[2] = b->len - start;
	buf_str(b, "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
	at[3] = b->len - start;
	buf_str(b, "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n");
	table = b->len - start;
	buf_str(b, "xref\n0 4\n0000000000 65535 f \n");
	for (int i = 1; i < 4; i++)
		buf_printf(b, "%010zu 00000 n \n", at[i]);
	buf_printf(b, "trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", table);
}

/* One empty member; `ustar` or the form before it. */
static inline void add_tar(struct buf *b, bool ustar)
{
	size_t start = b->len;
	unsigned sum = 0;
	char head[512] = "payment.txt";

	memcpy(head + 100, "0000644\0" "0001750\0" "0001750\0" "00000000000\0" "14713204000\0" "        0", 57);
	if (ustar)
		memcpy(head + 257, "ustar\0" "00", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	buf_add(b, (struct bytes){(unsigned char *)head, sizeof(head)});
	add_zeros(b, 1024);
	assert_int_equal(b->len - start, 1536);
}

static inline void make_pdf(struct buf *b) { add_pdf(b, ""); }
static inline void make_txt(struct buf *b) { buf_str(b, "Төлем тапсырмасы № 17\r\nСумма: 1000 тенге\r\n"); }
static inline void make_xml(struct buf *b) { buf_str(b, "<?xml version=\"1.0\"?>\n<payment sum=\"1\"/>\n"); }
static inline void make_tar(struct buf *b) { add_tar(b, true); }
static inline void make_old_tar(struct buf *b) { add_tar(b, false); }
static inline void make_zip(struct buf *b) { add_zip(b, MEMBERS("payment.txt", "1000", "more.txt", "2000")); }
static inline void make_empty_zip(struct buf *b) { add_zip(b, MEMBERS(NULL)); }
static inline void make_script(struct buf *b) { buf_str(b, "#!/bin/sh\necho payment\n"); }
static inline void make_ar(struct buf *b)
{
	buf_str(b, "!<arch>\n");
	buf_str(b, "payment.txt/    0           0     0     100644  4         `\n1000");
}

#define HEX_SAMPLE(name, hex, zeros) \
	static inline void make_##name(struct buf *b) \
	{ \
		add_hex(b, hex); \
		add_zeros(b, zeros); \
	}

HEX_SAMPLE(png, "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
	"0000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082", 0)
HEX_SAMPLE(jpeg, "ffd8ffe000104a46494600010100000100010000ffd9", 0)
HEX_SAMPLE(tiff, "49492a00080000000000", 4)
HEX_SAMPLE(tiff_big_endian, "4d4d002a000000080000", 4)
HEX_SAMPLE(sevenzip, "377abcaf271c0004", 24)
HEX_SAMPLE(rar, "526172211a0700cf907300000d00000000000000", 8)
HEX_SAMPLE(rar5, "526172211a0701003392b5e50a01050600050101808000", 0)
HEX_SAMPLE(gzip, "1f8b080000000000000303", 9)
HEX_SAMPLE(bzip2, "425a683931415926535922" "4df2d5000000418000100010002000219a6833", 3)
HEX_SAMPLE(bzip2_empty, "425a683917724538509000000000", 0)
HEX_SAMPLE(xz, "fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a", 0)
HEX_SAMPLE(cab, "4d534346" "00000000" "4e000000" "00000000" "2c000000" "00000000" "0301" "0100" "0100" "0000" "0000" "0000"
	"42000000" "0100" "0000" "04000000" "00000000" "0000" "6a5a" "0060" "2000"
	"612e74787400" "00000000" "0400" "0400" "31303030", 0)
HEX_SAMPLE(lzh, "1f00" "2d6c68352d" "10000000" "10000000" "00606a5a" "20" "00" "05" "612e747874", 24)
HEX_SAMPLE(arj, "60ea" "2200" "1e" "0b" "01" "00" "10" "00" "02" "00", 60)
HEX_SAMPLE(ole2, "d0cf11e0a1b11ae1000000000000000000000000000000003e000300feff0900060000000000000000000000010000000100"
	"0000000000000010000002000000010000" "00feffffff0000000000000000", 1024)
HEX_SAMPLE(elf, "7f454c46020101000000000000000000" "02003e0001000000", 40)
HEX_SAMPLE(macho, "cffaedfe07000001030000000200000000000000000000000000000000000000", 0)

static inline void make_program(struct buf *b)
{
	add_hex(b, "4d5a90000300000004000000ffff0000b800000000000000400000000000000000000000000000000000000000000000"
		"000000000000000000000000" "40000000" "50450000" "4c010100");
	add_zeros(b, 12);
	add_hex(b, "e0000201" "0b01");
	add_zeros(b, 256);
}

static inline void make_iso(struct buf *b)
{
	add_zeros(b, 32768);
	add_hex(b, "0143443030310100");
	add_zeros(b, 2040);
	add_hex(b, "ff43443030310100");
	add_zeros(b, 2040);
}

static inline void make_docx(struct buf *b)
{
	add_zip(b, MEMBERS("[Content_Types].xml", "<Types/>", "_rels/.rels", "<Relationships/>", "word/document.xml", "<w/>"));
}

static inline void make_xlsx(struct buf *b)
{
	add_zip(b, MEMBERS("[Content_Types].xml", "<Types/>", "_rels/.rels", "<Relationships/>", "xl/workbook.xml", "<x/>"));
}

static inline void make_odt(struct buf *b)
{
	add_zip(b, MEMBERS("mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<office/>"));
}

/* Each kind with its sample, and how the command `file` calls it. */
static const struct sample {
	enum attachment_kind kind;
	const char *name; /* of a file with the right extension */
	void (*make)(struct buf *b);
	const char *file_says; /* media types, or the beginning of its words */
} samples[] = {
	{ATTACHMENT_PDF, "a.pdf", make_pdf, "application/pdf"},
	{ATTACHMENT_TXT, "a.txt", make_txt, "text/plain"},
	{ATTACHMENT_XML, "a.xml", make_xml, "text/xml"},
	{ATTACHMENT_PNG, "a.png", make_png, "image/png"},
	{ATTACHMENT_JPEG, "a.jpg", make_jpeg, "image/jpeg"},
	{ATTACHMENT_TIFF, "a.tif", make_tiff, "image/tiff"},
	{ATTACHMENT_TIFF, "a.tiff", make_tiff_big_endian, "image/tiff"},
	{ATTACHMENT_DOCX, "a.docx", make_docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{ATTACHMENT_XLSX, "a.xlsx", make_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{ATTACHMENT_ODT, "a.odt", make_odt, "application/vnd.oasis.opendocument.text"},
	{ATTACHMENT_OLE2, "a.doc", make_ole2, "application/CDFV2 application/x-ole-storage"},
	{ATTACHMENT_ZIP, "a.zip", make_zip, "application/zip"},
	{ATTACHMENT_ZIP, "b.zip", make_empty_zip, "application/zip"},
	{ATTACHMENT_SEVENZIP, "a.7z", make_sevenzip, "application/x-7z-compressed"},
	{ATTACHMENT_RAR, "a.rar", make_rar, "application/x-rar"},
	{ATTACHMENT_RAR, "b.rar", make_rar5, "application/x-rar"},
	{ATTACHMENT_GZIP, "a.gz", make_gzip, "application/gzip"},
	{ATTACHMENT_BZIP2, "a.bz2", make_bzip2, "application/x-bzip2"},
	{ATTACHMENT_BZIP2, "b.bz2", make_bzip2_empty, "application/x-bzip2"},
	{ATTACHMENT_XZ, "a.xz", make_xz, "application/x-xz"},
	{ATTACHMENT_TAR, "a.tar", make_tar, "application/x-tar"},
	{ATTACHMENT_TAR, "b.tar", make_old_tar, "application/x-tar"},
	{ATTACHMENT_CAB, "a.cab", make_cab, "Microsoft Cabinet archive data"},
	{ATTACHMENT_AR, "a.ar", make_ar, "application/x-archive"},
	{ATTACHMENT_LZH, "a.lzh", make_lzh, "application/x-lzh-compressed application/x-lha application/x-lharc"},
	{ATTACHMENT_ARJ, "a.arj", make_arj, "application/x-arj"},
	{ATTACHMENT_ISO, "a.iso", make_iso, "application/x-iso9660-image"},
	{ATTACHMENT_PE, "a.exe", make_program, "application/x-dosexec application/vnd.microsoft.portable-executable"},
	{ATTACHMENT_ELF, "a.elf", make_elf, "application/x-executable"},
	{ATTACHMENT_MACHO, "a.dylib", make_macho, "application/x-mach-binary"},
	{ATTACHMENT_SCRIPT, "a.sh", make_script, "text/x-shellscript"},
};
#define SAMPLES (sizeof(samples) / sizeof(*samples))

#endif
