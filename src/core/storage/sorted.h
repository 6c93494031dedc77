/* Sorted arrays of pointers, which are searched by halving and grow with their contents. They own
 * the array, not what the pointers lead to. */
#ifndef SKAD_STORAGE_SORTED_H
#define SKAD_STORAGE_SORTED_H

#include <stdbool.h>
#include <stddef.h>

typedef struct skad_sorted {
    void **items; /* no two compare equal */
    size_t count;
    size_t capacity;
    int (*compare)(const void *a, const void *b);
} skad_sorted;

/* Returns the position of the first item that is not before `what`. */
size_t skad_sorted_position(const skad_sorted *array, const void *what);

/* Returns the item that compares equal; NULL if there is none. */
void *skad_sorted_find(const skad_sorted *array, const void *what);

/* Makes room for one more; false if there is no memory. */
bool skad_sorted_reserve(skad_sorted *array);

/* Inserts an item for which room was made, and which equals no other. */
void skad_sorted_insert(skad_sorted *array, void *item);

/* Takes out an item that is there. */
void skad_sorted_remove(skad_sorted *array, const void *item);

#endif
