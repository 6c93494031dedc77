/* A walk over the tree with up to SKAD_FILE_GET_WINDOW records on their way at once.
 *
 * Records that are known but not requested yet wait in one list for each level, and the lowest
 * level that has any is always served first. So a node of level n is requested only while the lists
 * below n are empty: the list of level n-1 never holds more than the keys of the window's nodes, 64
 * * 30 entries, and memory is bounded at any size of the file. */
#include "src/cli/file/file_get.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "proto/tree.h"
#include "skad/record.h"
#include "src/cli/client/text.h"
#include "src/cli/file/meter.h"

#define LEVELS        (SKAD_TREE_LEVEL_MAX + 1)
#define WAITING_MAX   ((size_t)SKAD_FILE_GET_WINDOW * SKAD_TREE_FANOUT)
#define LEVEL_OF_ROOT UINT8_MAX /* not known before it is there */

/* A record of the tree: level 0 is a piece. */
typedef struct tree_part {
    skad_id key;
    uint64_t offset; /* in the file, of what is below it */
    uint64_t size;   /* of what is below it; unknown for the root */
    uint8_t level;
} tree_part;

typedef struct asked {
    uint32_t msgid; /* 0: free */
    tree_part part;
} asked;

typedef struct download {
    skad_client *client;
    skad_failure *failure;
    int fd;
    tree_part waiting[LEVELS][WAITING_MAX];
    size_t waiting_count[LEVELS];
    asked window[SKAD_FILE_GET_WINDOW];
    size_t in_flight;
    skad_meter meter;
    uint64_t bytes_max;
    uint64_t size;
    uint64_t done;    /* bytes of the file that are in their place */
    uint64_t written; /* of these, by us */
    uint64_t there;   /* the length of what an earlier run left */
} download;

static skad_exit fail_wrong(download *self, const tree_part *part)
{
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(&part->key, text);
    (void)skad_fail(self->failure, "the record %s is not what a file has there", text);
    return SKAD_EXIT_FAILED;
}

static skad_exit fail_too_large(download *self)
{
    char size[SKAD_TEXT_BYTES];
    char most[SKAD_TEXT_BYTES];
    skad_text_bytes(self->size, size);
    skad_text_bytes(self->bytes_max, most);
    (void)skad_fail(self->failure,
                    "the file has %s, more than %s: to fetch it nevertheless, give --max-bytes "
                    "%" PRIu64,
                    size, most, self->size);
    return SKAD_EXIT_FAILED;
}

/* ---- Asking ---- */

static skad_exit ask(download *self, const tree_part *part)
{
    skad_control_request request = {.method = SKAD_CONTROL_GET, .id = part->key};
    size_t place = 0;
    while (place < SKAD_FILE_GET_WINDOW && self->window[place].msgid != 0) {
        place++;
    }
    SKAD_ASSERT(place < SKAD_FILE_GET_WINDOW);
    skad_exit error = skad_client_request(self->client, &request, self->failure);
    self->window[place] = (asked){.msgid = request.msgid, .part = *part};
    self->in_flight++;
    return error;
}

static void show_meter(download *self)
{
    const skad_meter_reading reading = {
        .done = self->done, .total = self->size, .moved = self->written};
    skad_meter_show(&self->meter, &reading);
}

/* Whether a piece is in its place already. */
static bool is_there(download *self, const tree_part *part)
{
    uint8_t piece[SKAD_PIECE_BYTES];
    skad_id key;

    if (part->level != 0 || part->size > sizeof piece || part->size > self->there ||
        part->offset > self->there - part->size) {
        return false;
    }
    ssize_t got = pread(self->fd, piece, part->size, (off_t)part->offset);
    if (got < 0 || (size_t)got != part->size) {
        return false;
    }
    skad_value_key(piece, part->size, &key);
    if (memcmp(&key, &part->key, sizeof key) != 0) {
        return false;
    }
    self->done += part->size;
    show_meter(self);
    return true;
}

static skad_exit ask_more(download *self)
{
    for (size_t level = 0; level < LEVELS; level++) {
        while (self->waiting_count[level] > 0 && self->in_flight < SKAD_FILE_GET_WINDOW) {
            tree_part next = self->waiting[level][--self->waiting_count[level]];
            skad_exit error = is_there(self, &next) ? SKAD_EXIT_DONE : ask(self, &next);
            if (error != SKAD_EXIT_DONE) {
                return error;
            }
        }
    }
    return SKAD_EXIT_DONE;
}

/* ---- What came ---- */

static skad_exit write_data(download *self, skad_span data, uint64_t offset)
{
    size_t done = 0;
    while (done < data.len) {
        ssize_t written =
            pwrite(self->fd, data.data + done, data.len - done, (off_t)(offset + done));
        if (written > 0) {
            done += (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            (void)skad_fail(self->failure, "cannot write: %s",
                            strerror(written == 0 ? ENOSPC : errno));
            return SKAD_EXIT_FAILED;
        }
    }
    self->written += data.len;
    self->done += data.len;
    show_meter(self);
    return SKAD_EXIT_DONE;
}

static void add_children(download *self, const skad_tree_node *node, uint64_t offset)
{
    size_t level = node->level - 1U;
    uint64_t each = skad_tree_capacity((unsigned)level);
    uint64_t left = node->size;

    SKAD_ASSERT(self->waiting_count[level] + node->keys_count <= WAITING_MAX);
    /* Backwards, so that the file is read from its beginning: the last one in is the first out. */
    for (size_t i = node->keys_count; i > 0; i--) {
        tree_part *child = &self->waiting[level][self->waiting_count[level]++];
        uint64_t before = (i - 1) * each;
        memcpy(child->key.bytes, node->keys + (i - 1) * sizeof child->key.bytes, SKAD_ID_BYTES);
        child->offset = offset + before;
        child->size = left - before;
        child->level = (uint8_t)level;
        left = before;
    }
}

static skad_exit take_node(download *self, const tree_part *part, skad_span value)
{
    skad_tree_node node;
    bool root = part->level == LEVEL_OF_ROOT;

    if (!skad_tree_decode(value.data, value.len, root, &node)) {
        if (root) {
            (void)skad_fail(self->failure, "there is a record of this key, but it is not a file");
            return SKAD_EXIT_FAILED;
        }
        return fail_wrong(self, part);
    }
    if (root) {
        self->size = node.size;
        if (node.size > self->bytes_max) {
            return fail_too_large(self);
        }
    } else if (node.level != part->level || node.size != part->size) {
        return fail_wrong(self, part);
    }
    if (node.level == 0) {
        return write_data(self, node.data, 0);
    }
    add_children(self, &node, part->offset);
    return SKAD_EXIT_DONE;
}

static skad_exit take(download *self, const tree_part *part, skad_span value)
{
    skad_id key;
    skad_value_key(value.data, value.len, &key);
    if (memcmp(&key, &part->key, sizeof key) != 0) {
        return fail_wrong(self, part);
    }
    if (part->level != 0) {
        return take_node(self, part, value);
    }
    return value.len == part->size ? write_data(self, value, part->offset) : fail_wrong(self, part);
}

static skad_exit fail_missing(download *self, const tree_part *part, const skad_reply *reply)
{
    char text[SKAD_ID_TEXT_BYTES];
    skad_id_format(&part->key, text);
    (void)skad_fail(self->failure, "%s: %s", text, reply->message);
    return reply->error;
}

static skad_exit await_one(download *self)
{
    skad_reply reply;
    skad_exit error = skad_client_await(self->client, &reply, self->failure);
    if (error != SKAD_EXIT_DONE) {
        return error;
    }
    for (size_t i = 0; i < SKAD_FILE_GET_WINDOW; i++) {
        if (self->window[i].msgid == reply.msgid && reply.msgid != 0) {
            tree_part part = self->window[i].part;
            self->window[i].msgid = 0;
            self->in_flight--;
            if (reply.error != SKAD_EXIT_DONE) {
                return fail_missing(self, &part, &reply);
            }
            return take(self, &part, skad_answer_bytes(reply.result, "value"));
        }
    }
    (void)skad_fail(self->failure, "the daemon answered what was not asked");
    return SKAD_EXIT_FAILED;
}

/* Cuts the file to its size: bytes beyond belong to another file. */
static skad_exit cut(download *self)
{
    SKAD_ASSERT(self->done == self->size);
    if (self->there <= self->size || ftruncate(self->fd, (off_t)self->size) == 0) {
        return SKAD_EXIT_DONE;
    }
    (void)skad_fail(self->failure, "cannot write: %s", strerror(errno));
    return SKAD_EXIT_FAILED;
}

static skad_exit fetch(download *self, const skad_id *root)
{
    const tree_part first = {.key = *root, .level = LEVEL_OF_ROOT};
    skad_exit error = ask(self, &first);
    while (error == SKAD_EXIT_DONE && self->in_flight > 0) {
        error = await_one(self);
        if (error == SKAD_EXIT_DONE) {
            error = ask_more(self);
        }
    }
    return error == SKAD_EXIT_DONE ? cut(self) : error;
}

skad_exit skad_file_get(skad_client *client, const skad_id *root, int fd, uint64_t bytes_max,
                        skad_failure *failure)
{
    struct stat info;
    download *self = calloc(1, sizeof *self);
    if (self == NULL) {
        (void)skad_fail(failure, "out of memory");
        return SKAD_EXIT_FAILED;
    }
    self->client = client;
    self->failure = failure;
    self->fd = fd;
    self->bytes_max = bytes_max;
    self->there = fstat(fd, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
    skad_meter_begin(&self->meter, "fetched");
    skad_exit error = fetch(self, root);
    skad_meter_end(&self->meter);
    free(self);
    return error;
}
