#define _GNU_SOURCE /* memfd_create */
#include "tests/support/log_lines.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crypto/assert.h"

void test_log_begin(test_log *self)
{
    (void)fflush(stderr);
    self->stderr_fd = dup(STDERR_FILENO);
    self->file_fd = memfd_create("log", MFD_CLOEXEC);
    SKAD_ASSERT(self->stderr_fd >= 0 && self->file_fd >= 0);
    int replaced = dup2(self->file_fd, STDERR_FILENO);
    SKAD_ASSERT(replaced == STDERR_FILENO);
}

void test_log_end(test_log *self)
{
    (void)fflush(stderr);
    int replaced = dup2(self->stderr_fd, STDERR_FILENO);
    ssize_t len = pread(self->file_fd, self->text, sizeof self->text - 1, 0);
    SKAD_ASSERT(replaced == STDERR_FILENO && len >= 0);
    self->text[len] = '\0';
    close(self->stderr_fd);
    close(self->file_fd);
}

size_t test_log_count(const test_log *self, const char *text)
{
    size_t count = 0;
    for (const char *line = self->text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        count += memmem(line, len, text, strlen(text)) != NULL;
        line += len + (line[len] == '\n');
    }
    return count;
}
