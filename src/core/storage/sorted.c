#include "src/core/storage/sorted.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

#define CAPACITY_MIN 8

size_t skad_sorted_position(const skad_sorted *array, const void *what)
{
    size_t low = 0;
    size_t high = array->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (array->compare(array->items[middle], what) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void *skad_sorted_find(const skad_sorted *array, const void *what)
{
    size_t at = skad_sorted_position(array, what);
    bool found = at < array->count && array->compare(array->items[at], what) == 0;
    return found ? array->items[at] : NULL;
}

bool skad_sorted_reserve(skad_sorted *array)
{
    if (array->count < array->capacity) {
        return true;
    }
    size_t capacity = array->capacity == 0 ? CAPACITY_MIN : array->capacity * 2;
    void **items = realloc(array->items, capacity * sizeof *items);
    if (items == NULL) {
        return false;
    }
    array->items = items;
    array->capacity = capacity;
    return true;
}

void skad_sorted_insert(skad_sorted *array, void *item)
{
    SKAD_ASSERT(array->count < array->capacity);
    size_t at = skad_sorted_position(array, item);
    memmove(&array->items[at + 1], &array->items[at], (array->count - at) * sizeof *array->items);
    array->items[at] = item;
    array->count++;
}

void skad_sorted_remove(skad_sorted *array, const void *item)
{
    size_t at = skad_sorted_position(array, item);
    SKAD_ASSERT(at < array->count && array->items[at] == item);
    array->count--;
    memmove(&array->items[at], &array->items[at + 1], (array->count - at) * sizeof *array->items);
}
