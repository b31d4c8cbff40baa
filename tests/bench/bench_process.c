/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_process - what the gateway's processes have used: the one given and all below it (the keeper of keys is one). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench_int.h"

static bool stat_read(int pid, int *parent, double *cpu_seconds)
{
	char path[64], line[1024], *at = NULL;
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fgets(line, sizeof line, f) && (at = strrchr(line, ')')))
		sscanf(at + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", parent, &user, &system);
	fclose(f);
	*cpu_seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
	return at;
}

static double cpu_of(int pid)
{
	double seconds = 0;
	int parent;

	return stat_read(pid, &parent, &seconds) ? seconds : 0;
}

static double status_mb(int pid, const char *key)
{
	char path[64], line[512];
	double kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtod(line + strlen(key), NULL);
	}
	if (f)
		fclose(f);
	return kb / 1024;
}

static double peak_of(int pid) { return status_mb(pid, "VmHWM:"); }
static double now_of(int pid) { return status_mb(pid, "VmRSS:"); }

static double peak_forget(int pid)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
	f = fopen(path, "w");
	if (f) {
		fputs("5", f);
		fclose(f);
	}
	return 0;
}

/* The sum over the process and those below it. */
static double tree(int pid, double (*of)(int pid))
{
	double sum = of(pid), seconds;
	DIR *all = opendir("/proc");
	struct dirent *entry;

	while (all && (entry = readdir(all))) {
		int other = atoi(entry->d_name), parent;

		if (other > 0 && stat_read(other, &parent, &seconds) && parent == pid)
			sum += tree(other, of);
	}
	if (all)
		closedir(all);
	return sum;
}

double bench_cpu_seconds(int pid) { return tree(pid, cpu_of); }
double bench_peak_mb(int pid) { return tree(pid, peak_of); }
double bench_now_mb(int pid) { return tree(pid, now_of); }
void bench_peak_reset(int pid) { tree(pid, peak_forget); }
