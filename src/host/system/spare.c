#define _GNU_SOURCE /* dl_iterate_phdr */
#include "src/host/system/spare.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that cannot be written are as in their files, so nothing is lost with their pages. */
static int drop_pages(struct dl_phdr_info *object, size_t size, void *page_bytes)
{
    const uintptr_t page = *(const size_t *)page_bytes;
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) {
            continue;
        }
        uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        /* An error leaves the pages where they are. */
        /* NOLINTNEXTLINE(performance-no-int-to-ptr): segments are told by number. */
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void skad_spare_memory(void)
{
    size_t page = page_size();
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(drop_pages, &page);
}

void skad_spare_pages(void *memory, size_t bytes)
{
    const size_t page = page_size();
    const size_t before = (page - (uintptr_t)memory % page) % page;
    if (bytes >= before + page) {
        (void)madvise((uint8_t *)memory + before, (bytes - before) / page * page, MADV_DONTNEED);
    }
}
