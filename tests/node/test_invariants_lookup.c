/* The bounds of a lookup's invariants: what just keeps one is sound, and what is one beyond breaks
 * exactly that one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "tests/support/lookup_script.h"

/* Six candidates on two paths in turn, by their indices. The first two have been asked. */
enum { FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, CANDIDATES };

#define PATHS   2
#define CLOSING PATHS

static skad_lookup *prepare(void)
{
    skad_lookup *lookup = script_make(PATHS, 1, 8, 4);
    script_seed(lookup, NUMBERS(10, 20, 30, 40, 50, 60));
    script_assert_asks(lookup, NUMBERS(10, 20));
    assert_int_equal(lookup->candidates.high_water, CANDIDATES);
    return lookup;
}

static skad_candidate *at(skad_lookup *lookup, size_t index)
{
    return &lookup->candidates.all[index];
}
static void rename_candidate(skad_lookup *lookup, size_t index, const skad_id *id)
{
    at(lookup, index)->contact.id = *id;
    lookup->candidates.distances[index] = skad_id_prefix(id) ^ skad_id_prefix(&lookup->target);
}
/* Takes the first candidate of a path, which was asked, off its list. */
static void take_off(skad_lookup *lookup, size_t path)
{
    skad_shortlist *list = &lookup->lists[path];
    at(lookup, list->members[0])->listed = 0;
    list->count--;
    memmove(&list->members[0], &list->members[1], list->count * sizeof list->members[0]);
}
/* One more candidate, neither listed nor asked, with the name of another. */
static void add_free(skad_lookup *lookup, size_t like)
{
    *at(lookup, CANDIDATES) = (skad_candidate){.contact = at(lookup, like)->contact};
    lookup->candidates.distances[CANDIDATES] = lookup->candidates.distances[like];
    lookup->candidates.high_water++;
}

static void do_nothing(skad_lookup *lookup)
{
    assert_int_equal(lookup->rpcs, lookup->asked_count);
}

/* ---- Lists ---- */

static void overfill_a_list(skad_lookup *lookup)
{
    lookup->lists[CLOSING].count = SKAD_SHORTLIST_MAX + 1;
}
static void list_a_candidate_never_taken(skad_lookup *lookup)
{
    add_free(lookup, SIXTH);
    lookup->candidates.high_water--;
    at(lookup, CANDIDATES)->listed = 2;
    lookup->lists[1].members[2] = CANDIDATES;
}
static void list_on_another_path(skad_lookup *lookup)
{
    at(lookup, THIRD)->listed = 2;
}
static void mark_one_more(skad_lookup *lookup)
{
    at(lookup, SIXTH)->listed |= 1;
}
static void list_twice(skad_lookup *lookup)
{
    lookup->lists[1].members[2] = lookup->lists[1].members[1];
}
static void list_the_last_first(skad_lookup *lookup)
{
    uint16_t last = lookup->lists[1].members[2];
    lookup->lists[1].members[2] = lookup->lists[1].members[1];
    lookup->lists[1].members[1] = last;
}
static void wait_in_the_closing_round(skad_lookup *lookup)
{
    lookup->lists[CLOSING].waiting++;
}
static void wait_for_a_slow_one(skad_lookup *lookup)
{
    at(lookup, FIRST)->state = SKAD_STEP_SLOW;
}
static void wait_on_another_path(skad_lookup *lookup)
{
    at(lookup, FIRST)->path = 1;
}

/* ---- Who was asked ---- */

static void ask_in_the_closing_round(skad_lookup *lookup)
{
    at(lookup, SECOND)->path = CLOSING;
    lookup->lists[1].waiting--;
    lookup->lists[CLOSING].waiting++;
}
static void ask_on_no_path(skad_lookup *lookup)
{
    at(lookup, SECOND)->path = CLOSING + 1;
}
static void ask_a_candidate_never_taken(skad_lookup *lookup)
{
    add_free(lookup, SIXTH);
    lookup->candidates.high_water--;
    at(lookup, CANDIDATES)->tries = 1;
    lookup->asked[1] = CANDIDATES;
}
static void ask_without_a_try(skad_lookup *lookup)
{
    lookup->asked[1] = THIRD;
}
static void try_without_asking(skad_lookup *lookup)
{
    at(lookup, SIXTH)->tries = 1;
}
static void ask_twice(skad_lookup *lookup)
{
    at(lookup, SECOND)->tries = 2;
}
static void ask_again_elsewhere(skad_lookup *lookup)
{
    at(lookup, SECOND)->state = SKAD_STEP_HEARD;
    lookup->lists[1].waiting--;
}
static void fail_without_a_try(skad_lookup *lookup)
{
    at(lookup, SIXTH)->state = SKAD_STEP_FAILED;
}

/* ---- Caps ---- */

static void take_all_memory(skad_lookup *lookup)
{
    lookup->candidates.limit = CANDIDATES;
}
static void take_more(skad_lookup *lookup)
{
    lookup->candidates.limit = CANDIDATES - 1;
}
static void send_all_requests(skad_lookup *lookup)
{
    lookup->rpcs = SKAD_LOOKUP_RPCS_MAX;
}
static void ask_more_than_was_sent(skad_lookup *lookup)
{
    lookup->rpcs = (uint16_t)(lookup->asked_count - 1);
}
static void ask_a_region(skad_lookup *lookup)
{
    lookup->region_count = SKAD_REGION_ASKED;
    lookup->region_next = SKAD_REGION_ASKED;
    lookup->region_waiting = SKAD_REGION_ASKED;
}
static void ask_a_region_too_much(skad_lookup *lookup)
{
    lookup->region_count = SKAD_REGION_ASKED + 1;
}
static void ask_beyond_a_region(skad_lookup *lookup)
{
    lookup->region_next = 1;
}

/* ---- Candidates ---- */

static void misplace_the_last(skad_lookup *lookup)
{
    lookup->candidates.distances[SIXTH] ^= 1;
}
static void move_the_last(skad_lookup *lookup)
{
    at(lookup, SIXTH)->address.ip[0] ^= 1;
}
static void be_a_candidate(skad_lookup *lookup)
{
    lookup->self = at(lookup, SIXTH)->contact.id;
}
static void be_free(skad_lookup *lookup)
{
    skad_contact other = script_contact_of(77);
    add_free(lookup, SIXTH);
    rename_candidate(lookup, CANDIDATES, &other.id);
    lookup->self = other.id;
}
static void displace_one_that_was_asked(skad_lookup *lookup)
{
    take_off(lookup, 0);
}
static void be_one_that_was_asked(skad_lookup *lookup)
{
    take_off(lookup, 0);
    lookup->self = at(lookup, FIRST)->contact.id;
}
/* Names a candidate like another one, at the same address. */
static void name_alike(skad_lookup *lookup, size_t index, size_t other)
{
    rename_candidate(lookup, index, &at(lookup, other)->contact.id);
    at(lookup, index)->address = at(lookup, other)->address;
}
static void name_twice(skad_lookup *lookup)
{
    name_alike(lookup, SIXTH, FIFTH);
}
static void name_at_another_address(skad_lookup *lookup)
{
    rename_candidate(lookup, SIXTH, &at(lookup, FIFTH)->contact.id);
}
static void name_almost_twice(skad_lookup *lookup)
{
    skad_id id = at(lookup, FIFTH)->contact.id;
    id.bytes[SKAD_ID_BYTES - 1] ^= 1;
    rename_candidate(lookup, SIXTH, &id);
}
static void name_a_free_one_alike(skad_lookup *lookup)
{
    add_free(lookup, FIRST);
}
static void name_one_that_was_asked_alike(skad_lookup *lookup)
{
    take_off(lookup, 1);
    name_alike(lookup, SECOND, FIRST);
}

static const struct {
    const char *label;
    void (*tamper)(skad_lookup *lookup);
    const char *broken; /* NULL: it is sound */
} CASES[] = {
    {"nothing", do_nothing, NULL},
    {"a list with too many", overfill_a_list, "a shortlist keeps to its cap"},
    {"an index never taken", list_a_candidate_never_taken,
     "a candidate on a shortlist is marked as listed"},
    {"marked elsewhere", list_on_another_path, "a candidate on a shortlist is marked as listed"},
    {"marked and not listed", mark_one_more, "a path counts the candidates that it waits for"},
    {"listed twice", list_twice, "a shortlist is in ascending distance"},
    {"the last first", list_the_last_first, "a shortlist is in ascending distance"},
    {"the closing round waits", wait_in_the_closing_round,
     "a path counts the candidates that it waits for"},
    {"a slow one", wait_for_a_slow_one, "a path counts the candidates that it waits for"},
    {"another path", wait_on_another_path, "a path counts the candidates that it waits for"},
    {"asked in the closing round", ask_in_the_closing_round, NULL},
    {"asked on no path", ask_on_no_path, "a node is asked on one path only"},
    {"asked and never taken", ask_a_candidate_never_taken, "a node is asked on one path only"},
    {"asked without a try", ask_without_a_try, "a node is asked on one path only"},
    {"tried and not asked", try_without_asking, "each candidate that was asked is remembered"},
    {"asked twice", ask_twice, NULL},
    {"to be asked elsewhere", ask_again_elsewhere, NULL},
    {"failed without a try", fail_without_a_try,
     "a candidate is asked at most twice, and not before its state says so"},
    {"all memory", take_all_memory, NULL},
    {"more memory", take_more, "a lookup keeps to its caps"},
    {"all requests", send_all_requests, NULL},
    {"more asked than sent", ask_more_than_was_sent, "a lookup keeps to its caps"},
    {"a whole region", ask_a_region, NULL},
    {"a larger region", ask_a_region_too_much,
     "a region awaits no more candidates than were asked"},
    {"beyond a region", ask_beyond_a_region, "a region awaits no more candidates than were asked"},
    {"the last misplaced", misplace_the_last, "a candidate has its distance"},
    {"the last of another group", move_the_last, "a candidate has its address group"},
    {"ourselves", be_a_candidate, "we are not our own candidate"},
    {"ourselves, free", be_free, NULL},
    {"asked and displaced", displace_one_that_was_asked, NULL},
    {"ourselves, displaced", be_one_that_was_asked, "we are not our own candidate"},
    {"one name at two addresses", name_at_another_address, NULL},
    {"two of one name", name_twice, "no candidate appears twice"},
    {"two at one distance", name_almost_twice, NULL},
    {"two of one name, one free", name_a_free_one_alike, NULL},
    {"two of one name, one displaced", name_one_that_was_asked_alike, "no candidate appears twice"},
};

static void each_bound_is_where_it_belongs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        skad_lookup *lookup = prepare();
        CASES[i].tamper(lookup);
        const char *broken = skad_lookup_broken(lookup);
        const char *expected = CASES[i].broken;
        if (broken == NULL ? expected != NULL : expected == NULL || strcmp(broken, expected) != 0) {
            fail_msg("%s: %s", CASES[i].label, broken == NULL ? "sound" : broken);
        }
        skad_lookup_free(lookup);
    }
}

static void a_shortlist_may_be_full(void **state)
{
    (void)state;
    skad_lookup *lookup = script_make(1, 1, SKAD_SHORTLIST_MAX, 4);
    uint32_t numbers[SKAD_SHORTLIST_MAX];
    for (uint32_t i = 0; i < SKAD_SHORTLIST_MAX; i++) {
        numbers[i] = i + 1;
    }
    script_seed(lookup, numbers, SKAD_SHORTLIST_MAX);
    assert_int_equal(lookup->lists[0].count, SKAD_SHORTLIST_MAX);
    assert_null(skad_lookup_broken(lookup));
    skad_lookup_free(lookup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bound_is_where_it_belongs),
        cmocka_unit_test(a_shortlist_may_be_full),
    };
    return cmocka_run_group_tests_name("invariants_lookup", tests, NULL, NULL);
}
