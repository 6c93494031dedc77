/* skad status: the node's identity and its state. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

#define NAME_BYTES (2 * SKAD_ANSWER_TEXT_BYTES + 1)
#define DEPTH_MAX  2 /* of maps within maps */

static void text_of_any(skad_answer value, char out[static SKAD_ANSWER_TEXT_BYTES])
{
    if (value.item != NULL && value.item->type == SKAD_ITEM_ARRAY) {
        skad_text_list(value, out);
    } else {
        skad_answer_text(value, out);
    }
}

/* Of a cap or a bin of the routing table "3 of 64"; of a rate "3 of 500, 1000 a second". */
static void text_of_cap(skad_answer list, char out[static SKAD_ANSWER_TEXT_BYTES])
{
    uint64_t values[3] = {0};
    size_t count = skad_answer_count(list);
    for (size_t i = 0; i < count && i < 3; i++) {
        skad_answer value = skad_answer_at(list, i);
        values[i] =
            value.item != NULL && value.item->type == SKAD_ITEM_UINT ? value.item->u.number : 0;
    }
    if (count < 3) {
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "%" PRIu64 " of %" PRIu64, values[0],
                       values[1]);
    } else if (values[2] == 0) {
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES, "no limit");
    } else {
        (void)snprintf(out, SKAD_ANSWER_TEXT_BYTES,
                       "%" PRIu64 " of %" PRIu64 ", %" PRIu64 " a second", values[0], values[1],
                       values[2]);
    }
}

static void text_of_inner(const char *outer, skad_answer value,
                          char out[static SKAD_ANSWER_TEXT_BYTES])
{
    if (outer != NULL && (strcmp(outer, "caps") == 0 || strcmp(outer, "bins") == 0)) {
        text_of_cap(value, out);
    } else {
        text_of_any(value, out);
    }
}

/* Prints one line for each value. A value of an inner map has the outer names before it
 * ("drops.tag", "reach.ipv4.role"), and is left out if it is zero. */
static void print_map(skad_answer map, const char *outer, unsigned depth)
{
    for (size_t i = 0; map.item != NULL && i < map.item->count; i++) {
        char key[SKAD_ANSWER_TEXT_BYTES];
        char text[SKAD_ANSWER_TEXT_BYTES];
        char name[NAME_BYTES];
        skad_answer value = skad_answer_at(map, 2 * i + 1);
        skad_answer_text(skad_answer_at(map, 2 * i), key);
        (void)snprintf(name, sizeof name, "%s%s%s", outer != NULL ? outer : "",
                       outer != NULL ? "." : "", key);
        if (value.item != NULL && value.item->type == SKAD_ITEM_MAP && depth < DEPTH_MAX) {
            print_map(value, name, depth + 1);
            continue;
        }
        text_of_inner(outer, value, text);
        if (outer == NULL || strcmp(text, "0") != 0) {
            printf("%-20s %s\n", name, text);
        }
    }
}

/* Warns of a store that refuses writes, because a node still answers lookups and shows no other
 * sign of it. */
static void print_warning(skad_answer store)
{
    char error[SKAD_ANSWER_TEXT_BYTES];
    skad_answer value = skad_answer_get(store, "error");
    uint64_t failures = skad_answer_uint(store, "failures");
    if (value.item != NULL && value.item->type == SKAD_ITEM_STR) {
        skad_answer_text(value, error);
        printf("\nwarning: the store refuses writes, so the node can take no records: %s\n", error);
    } else if (failures > 0) {
        printf("\nwarning: the store refused %" PRIu64 " writes since the start; the last one went "
               "well\n",
               failures);
    }
}

/* --field: "joined", or "drops.tag" within an inner map, and so on. */
static skad_exit print_field(skad_answer result, const char *field)
{
    char outer[NAME_BYTES] = "";
    char name[SKAD_ANSWER_TEXT_BYTES];
    char text[SKAD_ANSWER_TEXT_BYTES];
    skad_failure failure;
    skad_answer value = result;
    const char *dot = NULL;
    for (const char *at = field; value.item != NULL; at = dot + 1) {
        dot = strchr(at, '.');
        const size_t len = dot != NULL ? (size_t)(dot - at) : strlen(at);
        (void)snprintf(name, sizeof name, "%.*s", (int)len, at);
        value = skad_answer_get(value, name);
        if (dot == NULL) {
            break;
        }
        (void)snprintf(outer, sizeof outer, "%.*s", (int)(dot - field), field);
    }
    if (value.item == NULL || value.item->type == SKAD_ITEM_MAP) {
        (void)skad_fail(&failure, "status: there is no field '%s': 'skad status' shows all", field);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    text_of_inner(outer[0] != 0 ? outer : NULL, value, text);
    puts(text);
    return SKAD_EXIT_DONE;
}

static void print(const skad_options *options, skad_answer result)
{
    (void)options;
    print_map(result, NULL, 0);
    print_warning(skad_answer_get(result, "store"));
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_STATUS};
    skad_client client;
    skad_answer result;

    skad_exit exit = skad_daemon_request(options, &request, NULL, &client, &result);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    if (options->field != NULL) {
        exit = print_field(result, options->field);
    } else {
        skad_show_answer(options, result, print);
    }
    skad_client_close(&client);
    return exit == SKAD_EXIT_DONE ? skad_printed() : exit;
}

const skad_command skad_command_status = {
    .name = "status",
    .usage = "status [--json | --field NAME] [--socket PATH] [--timeout SECONDS]",
    .summary = "Show who the node is and how it fares",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_FIELD,
    .run = run,
};
